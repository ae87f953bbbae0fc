# ---- installation ----
# Nothing is built, and nothing fetched: `make` first. Packages: PREFIX=/usr DESTDIR=folder.
PREFIX ?= /usr/local
DESTDIR ?=
MAN := $(BUILD)/man/cellsweep.1

.PHONY: install uninstall man
install: ## put what `make` built below PREFIX (/usr/local), or a package's DESTDIR: program, man pages, completion, sweep files
	@packaging/install.sh '$(BUILD)' '$(PREFIX)' '$(DESTDIR)'

uninstall: ## remove what `make install` put there
	@packaging/install.sh -u '$(BUILD)' '$(PREFIX)' '$(DESTDIR)'

man: $(MAN) ## the man pages, from the program's own help (help2man); `make` does so when help2man is there
$(MAN): $(BUILD)/cellsweep packaging/man.sh
	@echo "  MAN $(@D)"
	@packaging/man.sh $(BUILD)/cellsweep $(@D)

.PHONY: deb sbom
deb: $(BUILD)/cellsweep ## a Debian package in build/deb, looked at by lintian
	@./packages.sh packages.txt debian
	@packaging/deb.sh $(BUILD)

sbom: $(BUILD)/cellsweep ## build/cellsweep.cdx.json: what the program and its page are made of (CycloneDX)
	@packaging/sbom.sh $(BUILD) $(VERSION)
