// peer.mjs prints what llama.cpp, through node-llama-cpp's upstream build, computes for tiny models:
// node peer.mjs DIR ID,ID,... OUT.json writes for every DIR/NAME.gguf the natural logarithms of the probabilities of the token
// after the ids, and for DIR/NAME.embd.gguf the embedding of the ids, as JSON {NAME: [number, ...]}. Context 64, F16 keys
// and values, no flash attention.
import fs from "node:fs";
import path from "node:path";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const [dir, list, out] = process.argv.slice(2);
const ids = list.split(",").map(Number);
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 1});
const answers = {};
for (const file of fs.readdirSync(dir).filter((f) => f.endsWith(".gguf")).sort()) {
    const name = path.basename(file, ".gguf");
    const model = await llama.loadModel({modelPath: path.join(dir, file), gpuLayers: 0, defaultContextFlashAttention: false}).catch((e) => {
        throw new Error(`${file}: ${e.message}`);
    });
    if (name.endsWith(".embd")) {
        const context = await model.createEmbeddingContext({contextSize: 64, threads: 1});
        const {vector} = await context.getEmbeddingFor(ids);
        answers[name.slice(0, -".embd".length)] = vector.map((x) => Number(x.toFixed(5)));
    } else {
        const context = await model.createContext({contextSize: 64, batchSize: 64, threads: {ideal: 1, min: 1}, flashAttention: false});
        const sampler = {temperature: 1, topK: 0, topP: 1, minP: 0}; // leaves the logits as they are
        const results = await context.getSequence().controlledEvaluate(
            ids.map((id, i) => i === ids.length - 1 ? [id, {generateNext: {logits: true, options: sampler}}] : id)
        );
        const logits = [];
        for (const [id, x] of results.at(-1).next.logits)
            logits[id] = x;
        const best = logits.reduce((a, b) => Math.max(a, b));
        const sum = Math.log(logits.reduce((a, b) => a + Math.exp(b - best), 0));
        answers[name] = logits.map((x) => Number((x - best - sum).toFixed(4)));
    }
    await model.dispose();
}
const lines = Object.keys(answers).sort().map((k) => JSON.stringify(k) + ":" + JSON.stringify(answers[k]));
fs.writeFileSync(out, "{\n" + lines.join(",\n") + "\n}\n");
process.exit(0);
