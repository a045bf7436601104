// noise.mjs writes what llama.cpp, through node-llama-cpp's upstream build, computes for the golden texts:
// node noise.mjs MODELS GOLDEN OUT writes for every MODELS/NAME.gguf the logits after each of ppl_tokens of
// GOLDEN/NAME.json to OUT/NAME.f32, little-endian float32 [tokens, vocabulary]. One thread, F32 cache, no flash
// attention, as the golden files. runtime/model/noise_test.go turns them into runtime/model/testdata/noise.json.
import fs from "node:fs";
import path from "node:path";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const [models, answers, out] = process.argv.slice(2);
const sampler = {temperature: 1, topK: 0, topP: 1, minP: 0}; // leaves the logits as they are
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 1});
for (const file of fs.readdirSync(models).filter((f) => f.endsWith(".gguf")).sort()) {
    const name = path.basename(file, ".gguf");
    const golden = JSON.parse(fs.readFileSync(path.join(answers, name + ".json"), "utf8"));
    const model = await llama.loadModel({modelPath: path.join(models, file), gpuLayers: 0});
    const context = await model.createContext({
        contextSize: 512, batchSize: 512, threads: {ideal: 1, min: 1}, flashAttention: false,
        experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32"
    });
    const ids = golden.ppl_tokens, vocab = golden.n_vocab;
    const results = await context.getSequence().controlledEvaluate(
        ids.map((id) => [id, {generateNext: {logits: true, options: sampler}}])
    );
    const logits = new Float32Array(ids.length * vocab).fill(NaN);
    results.forEach((result, i) => {
        for (const [id, x] of result.next.logits)
            logits[i * vocab + id] = x;
    });
    fs.writeFileSync(path.join(out, name + ".f32"), Buffer.from(logits.buffer));
    await context.dispose();
    await model.dispose();
}
process.exit(0);
