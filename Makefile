# Sugar over dev.py, which does the work and needs nothing but Python.
.PHONY: demo up test check lint fmt lock
demo up test check lint fmt lock:
	@python3 dev.py $@ $(ARGS)
export SIMULATE
