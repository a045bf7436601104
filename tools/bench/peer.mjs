// peer.mjs measures llama.cpp through node-llama-cpp's upstream build and prints what "llamaboot bench --json --cpu"
// prints: node peer.mjs FILE THREADS PROMPT GEN REPS
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const [file, ...numbers] = process.argv.slice(2);
const [threads, promptTokens, genTokens, reps] = numbers.map(Number);
const firstWord = 300, words = 20000; // ordinary tokens of every synthetic vocabulary

const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 0});
const model = await llama.loadModel({modelPath: file, gpuLayers: 0});
const context = await model.createContext({
    contextSize: Math.max(promptTokens, genTokens) + 64,
    batchSize: 512,
    threads: {ideal: threads, min: threads},
    flashAttention: process.env.PEER_FLASH === "1"
});
const sequence = context.getSequence();

function start() {
    const cpu = process.cpuUsage(), time = performance.now();
    return (tokens) => {
        const used = process.cpuUsage(cpu);
        return {wall: tokens / (performance.now() - time) * 1e3, cpu: tokens / (used.user + used.system) * 1e6};
    };
}

async function prompt() {
    await sequence.clearHistory();
    const tokens = Array.from({length: promptTokens}, (_, i) => firstWord + i * 7919 % words);
    const speed = start();
    await sequence.evaluateWithoutGeneratingNewTokens(tokens);
    return speed(promptTokens);
}

async function generate() {
    await sequence.clearHistory();
    let n = 0, speed;
    for await (const _ of sequence.evaluate([firstWord], {temperature: 0, yieldEogToken: true})) {
        if (n === 0)
            speed = start(); // the first token carries the prompt
        if (++n > genTokens)
            break;
    }
    return speed(n - 1);
}

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
for (const [test, run, n] of [["pp" + promptTokens, prompt, promptTokens], ["tg" + genTokens, generate, genTokens]]) {
    if (n < 1)
        continue;
    const all = [];
    for (let i = 0; i < reps; i++)
        all.push(await run());
    const wall = all.map((x) => x.wall);
    console.log(JSON.stringify({
        test, threads, min: Math.min(...wall), median: median(wall), max: Math.max(...wall), cpu: median(all.map((x) => x.cpu))
    }));
}
process.exit(0);
