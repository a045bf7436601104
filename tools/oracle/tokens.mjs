// tokens.mjs prints the ids llama.cpp, through node-llama-cpp's upstream build, gives texts:
// node tokens.mjs DIR TEXTS.json OUT.json writes {NAME: [[id, ...], ...]} for every vocabulary DIR/NAME.gguf and the texts of a JSON
// list. No beginning token, no special tokens from the text.
import fs from "node:fs";
import path from "node:path";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const [dir, list, out] = process.argv.slice(2);
const texts = JSON.parse(fs.readFileSync(list, "utf8"));
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.fatal, maxThreads: 1});
const answers = [];
for (const file of fs.readdirSync(dir).filter((f) => f.endsWith(".gguf")).sort()) {
    const model = await llama.loadModel({modelPath: path.join(dir, file), gpuLayers: 0, vocabOnly: true});
    const ids = texts.map((text) => [...model.tokenize(text, false)]);
    answers.push(JSON.stringify(path.basename(file, ".gguf")) + ":" + JSON.stringify(ids));
    await model.dispose();
}
fs.writeFileSync(out, "{\n" + answers.join(",\n") + "\n}\n");
process.exit(0);
