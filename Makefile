# Sugar over dev.py, which does the work and needs nothing but Python.
.PHONY: demo up test faults stats check lint fmt bench lock
demo up test faults stats check lint fmt bench lock:
	@python3 dev.py $@ $(ARGS)
export SIMULATE
