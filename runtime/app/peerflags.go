package app

import (
	"flag"
	"fmt"
	"slices"
	"strings"
)

// peerFlag is a flag of llamafile 0.6 to 0.10 or of llama.cpp's server that does nothing here: it is accepted with a line
// that tells why, or refused when leaving it out would change the answer.
type peerFlag struct {
	names string // separated by spaces, without dashes
	kind  peerKind
	why   string
	ok    string // values that mean what happens here anyway, separated by spaces; with refuse only
}

type peerKind byte

const (
	quiet  peerKind = iota // without a value; what it asks for happens anyway
	ignore                 // without a value
	takes                  // ignored with its value
	maybe                  // ignored; on, off or auto may follow
	refuse                 // with a value
	never                  // refused, without a value
)

const (
	noGPU     = "there is no GPU support yet: everything is computed on the CPU"
	noDevices = "there is no GPU support yet, so nothing is split or moved"
	noDraft   = "answers are not speculated on yet: the same text, at the usual speed"
	noTools   = "the server runs no tools: programs that use it do"
	noLoad    = "nothing is downloaded: give a model file with -m"
	noLog     = "messages go to standard error as they are"
	ownCPU    = "threads are placed by the program; -t sets their number"
	ownCache  = "kept conversations are managed by --cache-ram"
	inFile    = "the model file's own values are used"
	perCall   = "send it with a request"
)

// peerFlags is the table of them.
var peerFlags = []peerFlag{
	{"ngl gpu-layers n-gpu-layers", takes, noGPU, ""},
	{"gpu sm split-mode ts tensor-split mg main-gpu dev device ot override-tensor ncmoe n-cpu-moe moe-cache-mib ncffn n-cpu-ffn mmdev mmproj-device", takes, noDevices, ""},
	{"cmoe cpu-moe kvo kv-offload nkvo no-kv-offload op-offload no-op-offload no-host mmproj-offload no-mmproj-offload nommq recompile nocompile no-compile tinyblas", ignore, noDevices, ""},
	{"rpc", refuse, "there is no computing on other machines", ""},
	{"list-devices", never, noGPU, ""},
	{"lm load-mode lzm lazy-mode", takes, "weights are mapped from the file", ""},
	{"mlock", ignore, "weights are mapped from the file and stay in memory as long as there is room", ""},
	{"mmap", quiet, "", ""},
	{"no-mmap", ignore, "weights are mapped from the file where the system can", ""},
	{"numa", takes, "memory is not placed by node yet", ""},
	{"dt defrag-thold", takes, "the cache needs no defragmentation", ""},
	{"repack nr no-repack", ignore, "weights are used as they lie in the file", ""},
	{"swa-full", ignore, "sliding windows keep what they need", ""},
	{"check-tensors", ignore, "llamaboot verify FILE checks the weights", ""},
	{"fit", maybe, "the context is what -c says, or the model's own up to 8192", ""},
	{"fitt fit-target fitc fit-ctx", takes, "the context is what -c says, or the model's own up to 8192", ""},
	{"fa flash-attn", maybe, "attention always works without a matrix of all scores", ""},
	{"tb threads-batch C cpu-mask Cr cpu-range cpu-strict prio poll Cb cpu-mask-batch Crb cpu-range-batch cpu-strict-batch prio-batch poll-batch", takes, ownCPU, ""},
	{"keep", takes, "a full context ends the answer, or with --context-shift forgets its older half", ""},
	{"warmup no-warmup perf no-perf nologo cont-batching cb jinja no-display-prompt conversation cnv prefill-assistant cache-prompt offline", quiet, "", ""},
	{"display-prompt", ignore, "--cli prints what the model writes, not the prompt", ""},
	{"no-cont-batching nocb", ignore, "requests are always computed together", ""},
	{"no-jinja", never, "chat templates are always Jinja; --chat-template NAME picks one of the built-in ones", ""},
	{"no-prefill-assistant", never, "a request whose last message is the assistant's is continued", ""},
	{"no-cache-prompt", ignore, "a cached beginning never changes an answer; --cache-ram 0 keeps none", ""},
	{"rope-scaling rope-scale rope-freq-base rope-freq-scale yarn-orig-ctx yarn-ext-factor yarn-attn-factor yarn-beta-slow yarn-beta-fast", refuse, inFile, ""},
	{"override-kv", refuse, inFile + "; change a key in the file instead", ""},
	{"lora lora-scaled lora-base control-vector control-vector-scaled control-vector-layer-range", refuse, "adapters are not supported yet: merge them into the model", ""},
	{"lora-init-without-apply", ignore, "adapters are not supported yet", ""},
	{"mu model-url dr docker-repo hf hfr hf-repo hff hf-file hft hf-token hfd hf-repo-draft hfv hf-repo-v hffv hf-file-v mmu mmproj-url", refuse, noLoad, ""},
	{"cl cache-list", never, noLoad, ""},
	{"completion-bash", never, "llamaboot completion bash prints one", ""},
	{"log-disable log-jsonl no-log-jsonl v verbose log-verbose log-prefix no-log-prefix log-timestamps no-log-timestamps verbose-prompt print-token-count", ignore, noLog, ""},
	{"log-file logdir lv verbosity log-verbosity ptc", takes, noLog, ""},
	{"log-colors", maybe, noLog, ""},
	{"color co", ignore, "text is printed without colours", ""},
	{"no-conversation no-cnv single-turn st multiline-input mli instruct ins simple-io ascii", ignore, "--cli completes a text once, --chat talks", ""},
	{"prompt-cache", takes, "prompts are not kept on disk yet: the prompt is computed again", ""},
	{"prompt-cache-all prompt-cache-ro", ignore, "prompts are not kept on disk yet", ""},
	{"unsecure", ignore, "there is no sandbox yet to switch off", ""},
	{"sampler-seq sampling-seq", refuse, "name the samplers with --samplers", ""},
	{"dry-sequence-breaker", refuse, "repetitions are looked for across all tokens", "none"},
	{"adaptive-target", refuse, "there is no such sampler", "-1"},
	{"adaptive-decay", takes, "there is no such sampler", ""},
	{"backend-sampling bs", ignore, noGPU, ""},
	{"tfs penalize-nl no-penalize-nl", refuse, "there is no such sampler any more", "1"},
	{"special sp", never, "control tokens are not printed; --ids prints all tokens' ids", ""},
	{"spm-infill", never, "/infill uses the order of the model file", ""},
	{"lcs lookup-cache-static lcd lookup-cache-dynamic md model-draft spec-draft-model draft draft-n draft-max draft-min draft-n-min draft-p-min draft-p-split cd ctx-size-draft devd cmoed cpu-moe-draft ncmoed n-cpu-moe-draft " +
		"device-draft ngld gpu-layers-draft n-gpu-layers-draft ctkd cache-type-k-draft spec-draft-type-k ctvd cache-type-v-draft spec-draft-type-v td threads-draft tbd threads-batch-draft " +
		"spec-type spec-draft-n-max spec-draft-n-min spec-draft-p-min spec-draft-ngl spec-default spec-replace spec-ngram-size-n spec-ngram-size-m", takes, noDraft, ""},
	{"ctxcp ctx-checkpoints swa-checkpoints cms checkpoint-min-step kv-unified-per-slot cache-reuse sps slot-prompt-similarity", takes, ownCache, ""},
	{"kvu kv-unified no-kvu no-kv-unified cache-idle-slots no-cache-idle-slots", ignore, ownCache, ""},
	{"slot-save-path", refuse, "slots are not saved to disk yet", ""},
	{"gan grp-attn-n gaw grp-attn-w", refuse, "self-extension of the context is not supported", "1"},
	{"pooling", refuse, "the pooling of the model file is used", ""},
	{"embd-normalize", refuse, "embeddings have length 1", "2"},
	{"embedding embeddings rerank reranking props", quiet, "", ""},
	{"mm mmproj", takes, "pictures cannot be read yet: text only", ""},
	{"no-mmproj no-mmproj-auto mmproj-auto", quiet, "", ""},
	{"image audio video", refuse, "pictures and sound cannot be read yet", ""},
	{"image-min-tokens image-max-tokens mtmd-batch-max-tokens video-fps video-timestamp-interval video-ffmpeg-dir media-path", takes, "pictures cannot be read yet", ""},
	{"tags", takes, "nothing reads tags here", ""},
	{"reuse-port", never, "a port belongs to one program; put a proxy before several", ""},
	{"path public", refuse, "the built-in page is served, --no-webui switches it off", ""},
	{"cors-methods cors-headers", takes, "what a request asks for is allowed to the origins of --cors-origins", ""},
	{"cors-credentials no-cors-credentials", ignore, "requests carry their key themselves", ""},
	{"ui-config webui-config ui-config-file webui-config-file", takes, "the page keeps its own settings", ""},
	{"no-ui-mcp-proxy no-webui-mcp-proxy no-ag no-agent", quiet, "", ""},
	{"ui-mcp-proxy webui-mcp-proxy ag agent", never, noTools, ""},
	{"tools tools-runtime mcp-servers-config mcp-servers-json", refuse, noTools, ""},
	{"models-dir models-preset models-max", refuse, "one program serves one model; start several", ""},
	{"models-autoload no-models-autoload", ignore, "one program serves one model", ""},
	{"sleep-idle-seconds threads-http", takes, "a waiting server uses no processor", ""},
	{"chat-template-kwargs", refuse, perCall + " as chat_template_kwargs", "{}"},
	{"reasoning-format", refuse, "reasoning is split off as reasoning_content", "auto deepseek"},
	{"rea reasoning", refuse, perCall + " as chat_template_kwargs {\"enable_thinking\": ...}", "auto"},
	{"reasoning-effort", refuse, perCall + " as reasoning_effort", "default"},
	{"reasoning-budget", refuse, perCall + " as reasoning_budget", "-1"},
	{"reasoning-budget-message", refuse, "an ended reasoning gets no message", ""},
	{"reasoning-preserve no-reasoning-preserve", ignore, "the template decides what it keeps of earlier reasoning", ""},
	{"v2 trust fast precise trap no-trap cpu", quiet, "", ""},
	{"ip-header token-rate token-burst token-cidr workers decay-delay decay-growth seqs keepalive chat-history url-prefix-legacy db-startup-sql", takes, "that belongs to llamafiler, the server of llamafile 0.9", ""},
}

// peerFlags adds the flags of the table, and every name with underscores in place of dashes, as llamafile has them.
func (o *options) peerFlags(fs *flag.FlagSet) {
	for _, f := range peerFlags {
		for _, name := range strings.Fields(f.names) {
			if fs.Lookup(name) != nil {
				continue // a flag that works here
			}
			note := func(value string) error { return o.peer(&f, name, value) }
			switch f.kind {
			case quiet, ignore, maybe, never:
				fs.BoolFunc(name, "", note)
			default:
				fs.Func(name, "", note)
			}
		}
	}
	var dashed []*flag.Flag
	fs.VisitAll(func(f *flag.Flag) {
		if strings.Contains(f.Name, "-") {
			dashed = append(dashed, f)
		}
	})
	for _, f := range dashed {
		fs.Var(f.Value, strings.ReplaceAll(f.Name, "-", "_"), "")
	}
}

// peer notes that a flag of the table was given.
func (o *options) peer(f *peerFlag, name, value string) error {
	dashes := "-"
	if len(name) > 3 {
		dashes = "--"
	}
	switch f.kind {
	case quiet:
	case refuse, never:
		if slices.Contains(strings.Fields(f.ok), value) {
			return nil
		}
		return fmt.Errorf("%s", f.why)
	default:
		note := fmt.Sprintf("%s%s does nothing here: %s", dashes, name, f.why)
		if !slices.Contains(o.notes, note) {
			o.notes = append(o.notes, note)
		}
	}
	return nil
}

// joinOptional joins -fa on and the like to one argument: their values may be left out, which package flag knows only
// with an equals sign.
func joinOptional(args []string) []string {
	var names []string
	for _, f := range peerFlags {
		if f.kind == maybe {
			names = append(names, strings.Fields(f.names)...)
		}
	}
	var out []string
	for i := 0; i < len(args); i++ {
		name := strings.ReplaceAll(strings.TrimLeft(args[i], "-"), "_", "-")
		if strings.HasPrefix(args[i], "-") && slices.Contains(names, name) && i+1 < len(args) && slices.Contains([]string{"on", "off", "auto", "0", "1"}, args[i+1]) {
			out = append(out, args[i]+"="+args[i+1])
			i++
			continue
		}
		out = append(out, args[i])
	}
	return out
}

// environment names the flags by llama.cpp's variables LLAMA_ARG_...; those with a name of their own are in the table, the
// others are the flag's long name.
var environment = map[string]string{
	"N_PREDICT": "predict", "BATCH": "batch-size", "UBATCH": "ubatch-size", "N_PARALLEL": "parallel", "ENDPOINT_METRICS": "metrics",
	"ENDPOINT_SLOTS": "slots", "ENDPOINT_PROPS": "props", "UI": "webui", "THINK": "reasoning-format", "THINK_BUDGET": "reasoning-budget",
	"THINK_BUDGET_MESSAGE": "reasoning-budget-message", "STATIC_PATH": "path", "N_GPU_LAYERS": "gpu-layers", "DEFRAG_THOLD": "defrag-thold",
	"ROPE_SCALING_TYPE": "rope-scaling", "EMBEDDINGS": "embeddings", "RERANKING": "reranking", "N_CPU_MOE": "n-cpu-moe", "CONT_BATCHING": "cont-batching",
	"KV_OFFLOAD": "kv-offload", "CHECKPOINT_MIN_SPACING_NT": "checkpoint-min-step", "LOG_VERBOSITY": "verbosity",
}

// environmentArgs turns the variables LLAMA_ARG_... and LLAMA_API_KEY of an environment into arguments, in the order of
// their names. Variables of flags that are not known are left out with a note.
func (o *options) environmentArgs(environ []string) (args []string) {
	fs := newOptions().flagSet()
	environ = slices.Sorted(slices.Values(environ))
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		key, ok := strings.CutPrefix(name, "LLAMA_ARG_")
		if name == "LLAMA_API_KEY" {
			key, ok = "API_KEY", true
		}
		if !ok || value == "" {
			continue
		}
		long := environment[key]
		if long == "" {
			long = strings.ReplaceAll(strings.ToLower(key), "_", "-")
		}
		f := fs.Lookup(long)
		if f == nil {
			o.notes = append(o.notes, fmt.Sprintf("the variable %s is not known", name))
			continue
		}
		if b, ok := f.Value.(interface{ IsBoolFlag() bool }); !ok || !b.IsBoolFlag() {
			args = append(args, "--"+long, value)
			continue
		}
		switch strings.ToLower(value) {
		case "1", "true", "on", "enabled", "yes":
			args = append(args, "--"+long)
		case "0", "false", "off", "disabled", "no":
			if fs.Lookup("no-"+long) != nil {
				args = append(args, "--no-"+long)
			}
		default:
			args = append(args, "--"+long+"="+value)
		}
	}
	return args
}
