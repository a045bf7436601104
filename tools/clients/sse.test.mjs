// Every stream through a strict parser of server-sent events.
import assert from "node:assert/strict";
import {test} from "node:test";
import {createParser} from "eventsource-parser";
import {question, url} from "./common.mjs";

async function events(path, body) {
    const response = await fetch(url + path, {method: "POST", headers: {"content-type": "application/json"}, body: JSON.stringify(body)});
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type"), /^text\/event-stream/);
    const list = [];
    const parser = createParser({
        onEvent: (e) => list.push(e),
        onError: (e) => {
            throw e;
        }
    });
    const text = new TextDecoder("utf-8", {fatal: true});
    for await (const chunk of response.body)
        parser.feed(text.decode(chunk, {stream: true}));
    return list;
}

for (const [path, body, last] of [
    ["/v1/chat/completions", {messages: question}, "[DONE]"],
    ["/v1/completions", {prompt: "Once upon"}, "[DONE]"],
    ["/completion", {prompt: "Once upon", n_predict: 5}, /"stop":true/],
    ["/v1/messages", {messages: question}, /message_stop/],
    ["/v1/responses", {input: "x", max_output_tokens: 5}, /response\.(completed|incomplete)/]
])
    test(path, async () => {
        const list = await events(path, {max_tokens: 5, stream: true, ...body});
        assert.ok(list.length > 2);
        assert.match(list.at(-1).data, typeof last === "string" ? /^\[DONE\]$/ : last);
        for (const e of list)
            if (e.data !== "[DONE]") {
                const data = JSON.parse(e.data);
                if (e.event)
                    assert.equal(data.type, e.event);
            }
    });
