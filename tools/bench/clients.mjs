// clients.mjs measures llama.cpp's batching through node-llama-cpp's upstream build: CLIENTS sequences of one context, each
// a prompt of PROMPT tokens and GEN generated ones, and prints {clients, rate}, tokens generated a second by all together:
// node clients.mjs FILE THREADS PROMPT GEN CLIENTS...
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const [file, ...numbers] = process.argv.slice(2);
const [threads, promptTokens, genTokens, ...counts] = numbers.map(Number);
const firstWord = 300, words = 20000; // ordinary tokens of every synthetic vocabulary

const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 0});
const model = await llama.loadModel({modelPath: file, gpuLayers: 0});

for (const clients of counts) {
    const context = await model.createContext({
        contextSize: promptTokens + genTokens + 16, sequences: clients, batchSize: 512, threads: {ideal: threads, min: threads},
        flashAttention: process.env.PEER_FLASH === "1"
    });
    const sequences = Array.from({length: clients}, () => context.getSequence());
    const one = async (sequence, c) => {
        await sequence.clearHistory();
        const tokens = Array.from({length: promptTokens}, (_, i) => firstWord + (i * 7919 + c * 104729) % words);
        let n = 0;
        for await (const _ of sequence.evaluate(tokens, {temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05, yieldEogToken: true}))
            if (++n === genTokens)
                break;
    };
    const rates = [];
    for (let i = 0; i < 3; i++) {
        const begin = performance.now();
        await Promise.all(sequences.map(one));
        rates.push(clients * genTokens / (performance.now() - begin) * 1e3);
    }
    console.log(JSON.stringify({clients, rate: Math.max(...rates)}));
    await context.dispose();
}
process.exit(0);
