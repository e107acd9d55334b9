# %% [markdown]
# # What a benchmark measured
# `python examples/analyse.py JOB` prints it all; as a notebook, run it cell by cell
# (VS Code, or `jupytext --to ipynb examples/analyse.py`). JOB is an id, the path of a
# results folder or of a samples.csv, or the URL of a job.

# %%
import sys

import llmbench

EXAMPLE = "results/examples/three-simulated-models"
job = sys.argv[1] if len(sys.argv) > 1 and "ipykernel" not in sys.modules else EXAMPLE
samples, targets = llmbench.load(job)

# %% [markdown]
# Every call is a row. Failed ones have an outcome other than `ok`, and are in no figure
# of `targets`; nor are calls of warm-up steps, which are rows all the same.

# %%
ok = samples[samples["outcome"] == "ok"]
print(f"{len(samples)} calls, {len(ok)} ok")
print(samples.groupby(["target", "outcome"]).size().unstack(fill_value=0), "\n")

# %% [markdown]
# How long the first token and the whole answer took. A percentile that too few calls
# support is missing (NaN), and so is its interval.

# %%
shown = ["ttft_p50_s", "ttft_p50_low_s", "ttft_p50_high_s", "ttft_p99_s"]
print(targets.set_index("target")[shown].round(3).T, "\n")
print(ok.groupby("target")[["ttft_s", "latency_s", "tpot_s"]].median().round(4), "\n")

# %% [markdown]
# Which provider served a call matters: routers choose among several.

# %%
served = ok.groupby(["target", "provider"], dropna=False)
print(served.agg(calls=("slot", "size"), ttft_s=("ttft_s", "median")).round(4), "\n")

# %% [markdown]
# Output tokens a second of each answer, and what a million of them cost.

# %%
writing_s = ok["last_token_s"] - ok["first_token_s"]
speed = ((ok["output_tokens"] - 1) / writing_s.where(writing_s > 0)).rename("tokens/s")
print(speed.groupby(ok["target"]).describe().round(1), "\n")
costs = targets.set_index("target")["cost_usd_per_1m_output_tokens"]
print(costs.rename("USD per 1M output tokens"), "\n")

# %% [markdown]
# Over time: did it become slower while it ran?

# %%
since = (ok["sent_s"] // 5 * 5).rename("sent_s, in steps of 5 s")
print(ok.groupby([since, "target"])["latency_s"].median().unstack().round(3))
