# The project's targets; README.md says which two a newcomer needs. Everything is Go and POSIX sh; make only orders it.

# The Go version the bare-metal core is tested with (internal/corebuild names them). Another Go fetches it by itself.
export GOTOOLCHAIN := go1.26.8
export CGO_ENABLED := 0

GOBUILD := go build -trimpath -buildvcs=false -ldflags="-s -w -buildid="

.PHONY: all build programs demo test check generate model levels matrix soak bench-gate tamago tamago-test clean

all: build

# bin/llamaboot with the embedded programs inside. Go's own build cache makes a second run quick.
build: programs
	$(GOBUILD) -o bin/llamaboot ./cmd/llamaboot

# The embedded programs: linux/amd64, which is the bare-metal core too, and the others; packed for internal/programs.
programs:
	@mkdir -p build
	go run ./tools/programs

# The main job on a fresh machine: install what is missing, build, and let one file answer as a program, under BIOS
# and under UEFI.
demo:
	@tools/setup.sh demo
	@$(MAKE) --no-print-directory build
	@tools/demo.sh

# Every test, the boots included.
test:
	@tools/setup.sh test
	@$(MAKE) --no-print-directory build check
	go test -timeout 60m ./...

# Train testdata/demo.gguf anew (tools/demo/README.md): an hour on two cores.
model:
	@tools/setup.sh model
	/usr/bin/python3 tools/demo/train.py
	/usr/bin/python3 tools/demo/golden.py

# The rules a machine can check without running anything.
check:
	@tools/check.sh

# Write all committed generated files anew; they must come out as they are.
generate:
	@tools/setup.sh test
	go generate ./...
	@git diff --exit-code --stat || { echo "generate: the committed files above differ from what their sources give" >&2; exit 1; }

# Compare with llama.cpp, the way tools/bench/ratios.json was measured, and fail below 0.9 of its ratios; needs npm and
# some minutes.
bench-gate: build
	go run ./tools/bench -gate -rounds 1

# Ask every golden model at each instruction-set level, with 1, 2 and 4 threads and with the generic code, what llama.cpp
# was asked: through the verbs and in the engine. Some minutes.
levels: export LLAMABOOT_MATRIX = 1
levels:
	go test -count 1 -timeout 30m ./cmd/llamaboot -run Golden
	go test -count 1 -timeout 30m ./runtime/model ./runtime/engine
	go test -count 1 -timeout 30m -tags noasm ./cmd/llamaboot -run Golden
	go test -count 1 -timeout 30m -tags noasm ./runtime/model ./runtime/engine

# Boot the demo model on every pair of firmware, disk, chipset, CPUs, memory and CPU model, and on odd machines: 20
# minutes or more. ONLY=regexp chooses some, PART=1/4 a quarter; failures leave logs and screens in build/matrix.
# Without either the levels above come first.
matrix: $(if $(ONLY)$(PART),,levels)
	@tools/setup.sh test
	@$(MAKE) --no-print-directory build
	bin/llamaboot build --force --model testdata/demo.gguf -o build/demo.llamafile
	go run ./tools/matrix -only '$(ONLY)' -part '$(or $(PART),1/1)'

# Long runs: the kernel under load (STRESS seconds a run, default 600), every fuzz target (SOAK seconds, default 60).
soak:
	@tools/setup.sh test
	@tools/soak.sh

# The program with TamaGo's compiler, as a kernel for virtual machines, and its boot in QEMU's microvm machine. TAMAGO names
# the toolchain's go command; without it the toolchain is fetched from GitHub and built once.
tamago:
	@mkdir -p build
	@tools/tamago.sh build

tamago-test: tamago build
	@tools/tamago.sh test

clean:
	rm -rf bin build internal/programs/packed/*.xz
