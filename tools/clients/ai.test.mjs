// Vercel's AI SDK with its provider for OpenAI-compatible servers.
import assert from "node:assert/strict";
import {test} from "node:test";
import {createOpenAICompatible} from "@ai-sdk/openai-compatible";
import {embedMany, generateObject, generateText, jsonSchema, streamText, tool} from "ai";
import {z} from "zod";
import {idle, isWeather, url, weather} from "./common.mjs";

const provider = createOpenAICompatible({name: "llamaboot", baseURL: url + "/v1", includeUsage: true, supportsStructuredOutputs: true});
const model = provider("demo");
const prompt = "Tell me a story";
const tools = {get_weather: tool({description: weather.function.description, inputSchema: jsonSchema(weather.function.parameters)})};

test("text", async () => {
    const a = await generateText({model, prompt, maxOutputTokens: 20, temperature: 0});
    assert.ok(a.text.length > 10);
    assert.equal(a.finishReason, "length");
    assert.equal(a.usage.outputTokens, 20);
});

test("stream", async () => {
    const a = streamText({model, prompt, maxOutputTokens: 20, temperature: 0});
    let text = "";
    for await (const t of a.textStream)
        text += t;
    assert.equal(text, (await generateText({model, prompt, maxOutputTokens: 20, temperature: 0})).text);
    assert.equal((await a.usage).outputTokens, 20);
});

test("tools", async () => {
    const a = await generateText({model, prompt, tools, toolChoice: "required", maxOutputTokens: 100});
    assert.equal(a.finishReason, "tool-calls");
    assert.ok(isWeather(a.toolCalls[0].input));
    const b = streamText({model, prompt, tools, toolChoice: {type: "tool", toolName: "get_weather"}, maxOutputTokens: 100});
    const calls = await b.toolCalls;
    assert.ok(isWeather(calls[0].input));
});

test("JSON schema", async () => {
    const schema = z.object({name: z.enum(["Ann", "Bob"]), tags: z.array(z.enum(["a", "b"])).max(3)});
    const a = await generateObject({model, prompt, schema, maxOutputTokens: 100});
    assert.ok(schema.parse(a.object));
});

test("embeddings", async () => {
    const a = await embedMany({model: provider.textEmbeddingModel("demo"), values: ["a cat", "a dog"]});
    assert.equal(a.embeddings.length, 2);
});

test("abort", async () => {
    const control = new AbortController();
    const a = streamText({model, prompt, abortSignal: control.signal, maxOutputTokens: 100000, onError: () => {}});
    try {
        for await (const _ of a.textStream)
            control.abort();
    } catch (e) {
        assert.equal(e.name, "AbortError");
    }
    assert.ok(await idle() < 1000);
});

test("errors", async () => {
    await assert.rejects(generateText({model, prompt: "word ".repeat(3000), maxRetries: 0}), (e) => e.statusCode === 400 && /context/.test(e.message));
});
