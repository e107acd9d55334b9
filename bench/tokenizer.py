"""A small tokenizer, for peers that will not run without: `python tokenizer.py FOLDER`.

Run by the peer's own Python. No hub is needed: a byte pair encoding is trained on the
numbers up to a few thousand.
"""

import sys

from tokenizers import (  # type: ignore[import-not-found]
    Tokenizer,
    models,
    pre_tokenizers,
    trainers,
)
from transformers import PreTrainedTokenizerFast  # type: ignore[import-not-found]

tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
trainer = trainers.BpeTrainer(vocab_size=2000, special_tokens=["[UNK]", "[EOS]"])
tokenizer.train_from_iterator((f"word{n} and {n * n}" for n in range(5000)), trainer)
fast = PreTrainedTokenizerFast(
    tokenizer_object=tokenizer, unk_token="[UNK]", eos_token="[EOS]"
)
fast.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}"
fast.save_pretrained(sys.argv[1])
