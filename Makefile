# Every target is a command of ./dev, which sets up what it needs.
.PHONY: demo test lint results bench docs
demo test lint results bench docs:
	./dev $@
