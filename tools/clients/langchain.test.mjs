// LangChain.
import assert from "node:assert/strict";
import {test} from "node:test";
import {ChatOpenAI, OpenAIEmbeddings} from "@langchain/openai";
import {z} from "zod";
import {isWeather, url, weather} from "./common.mjs";

const configuration = {baseURL: url + "/v1"};
const options = {model: "demo", apiKey: "any", configuration, temperature: 0, maxTokens: 20};
const prompt = "Tell me a story";

test("invoke", async () => {
    const a = await new ChatOpenAI(options).invoke(prompt);
    assert.ok(a.content.length > 10);
    assert.equal(a.usage_metadata.output_tokens, 20);
});

test("stream", async () => {
    let text = "";
    for await (const c of await new ChatOpenAI(options).stream(prompt))
        text += c.content;
    assert.equal(text, (await new ChatOpenAI(options).invoke(prompt)).content);
});

test("tools", async () => {
    const a = await new ChatOpenAI({...options, maxTokens: 100}).bindTools([weather], {tool_choice: "get_weather"}).invoke(prompt);
    assert.ok(isWeather(a.tool_calls[0].args));
});

test("structured output", async () => {
    const schema = z.object({name: z.enum(["Ann", "Bob"]), age: z.number().int().min(1).max(99)});
    for (const method of ["jsonSchema", "functionCalling"]) {
        const a = await new ChatOpenAI({...options, maxTokens: 100}).withStructuredOutput(schema, {name: "person", method}).invoke(prompt);
        assert.ok(schema.parse(a), method);
    }
});

test("embeddings", async () => {
    const list = await new OpenAIEmbeddings({model: "demo", apiKey: "any", configuration}).embedDocuments(["a cat", "a dog"]);
    assert.equal(list.length, 2);
});
