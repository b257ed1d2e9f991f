# Every target is a command of ./dev, which sets up what it needs.
.PHONY: check demo test lint results bench docs
check demo test lint results bench docs:
	./dev $@
