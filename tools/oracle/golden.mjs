// golden.mjs writes what llama.cpp, through node-llama-cpp's upstream build, computes for a model:
// node golden.mjs MODEL.gguf OUT PROMPT TEXT writes OUT.json and OUT.logits.f32 as internal/golden reads them. One thread,
// F32 keys and values, no flash attention.
import fs from "node:fs";
import path from "node:path";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const [file, out, prompt, text] = process.argv.slice(2);
const steps = 32;
const sampler = {temperature: 1, topK: 0, topP: 1, minP: 0}; // leaves the logits as they are
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 1});
const model = await llama.loadModel({modelPath: file, gpuLayers: 0});
const context = await model.createContext({
    contextSize: 512, batchSize: 512, threads: {ideal: 1, min: 1}, flashAttention: false,
    experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32"
});
const sequence = context.getSequence();
const encode = (text) => (model.tokens.shouldPrependBosToken ? [model.tokens.bos] : []).concat(model.tokenize(text, true));

// logitsOf returns the logits after each id, as arrays over the vocabulary.
async function logitsOf(ids) {
    const results = await sequence.controlledEvaluate(ids.map((id) => [id, {generateNext: {logits: true, options: sampler}}]));
    return results.map((result) => {
        const logits = new Float32Array(result.next.logits.size);
        for (const [id, x] of result.next.logits)
            logits[id] = x;
        return logits;
    });
}

const ids = encode(prompt);
let logits = (await logitsOf(ids)).at(-1);
const answer = {model: path.basename(file), n_vocab: logits.length, prompt, prompt_tokens: ids, greedy: [], greedy_top2_gap: []};
fs.writeFileSync(out + ".logits.f32", Buffer.from(logits.buffer));
for (let i = 0; i < steps; i++) {
    const order = [...logits.keys()].sort((a, b) => logits[b] - logits[a]);
    answer.greedy.push(order[0]);
    answer.greedy_top2_gap.push(Number((logits[order[0]] - logits[order[1]]).toFixed(4)));
    logits = (await logitsOf([order[0]])).at(-1);
}
answer.greedy_text = model.detokenize(answer.greedy, false, ids);
await sequence.clearHistory();
answer.ppl_tokens = encode(text);
const rows = await logitsOf(answer.ppl_tokens);
let nll = 0;
for (let i = 1; i < answer.ppl_tokens.length; i++) {
    const row = rows[i - 1], best = row.reduce((a, b) => Math.max(a, b));
    const sum = row.reduce((a, b) => a + Math.exp(b - best), 0);
    nll += Math.log(sum) + best - row[answer.ppl_tokens[i]];
}
answer.nll_mean = Number((nll / (answer.ppl_tokens.length - 1)).toFixed(8));
fs.writeFileSync(out + ".json", JSON.stringify(answer) + "\n");
process.exit(0);
