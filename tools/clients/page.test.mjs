// The page, driven by headless Chromium. Screenshots are kept in screens/.
import assert from "node:assert/strict";
import fs from "node:fs";
import {after, before, test} from "node:test";
import {chromium} from "playwright-core";
import {guarded, key, late, url} from "./common.mjs";

const patience = 60000; // ms; the machine may be busy
let browser;
const faults = []; // errors in any page

before(async () => {
    fs.mkdirSync("screens", {recursive: true});
    browser = await chromium.launch({
        executablePath: process.env.CHROMIUM,
        args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    });
});

after(() => browser?.close());

// open opens the page in a browser of its own.
async function open(options = {}, address = url + "/") {
    const context = await browser.newContext({viewport: {width: 1100, height: 800}, locale: "en-GB", ...options});
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    page.on("pageerror", (e) => faults.push(e.message));
    page.on("request", (r) => {
        if (!r.url().startsWith(new URL(address).origin) && !r.url().startsWith("data:") && !r.url().startsWith("blob:"))
            faults.push("request to " + r.url());
    });
    await page.goto(address);
    return page;
}

const json = {"content-type": "application/json"};
const settings = {temperature: 0, max_tokens: 40};

// create stores a chat through the page's own API.
async function create(chat) {
    const response = await fetch(url + "/page/import", {method: "POST", headers: json, body: JSON.stringify(chat)});
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json())[0];
}

async function ask(page, text) {
    await page.fill("#input", text);
    await page.click("#send");
}

const answered = (page) => page.waitForSelector("#send:visible");

test("question, branch, edit, reload, second browser", async () => {
    const chat = await create({title: "A story", settings, messages: [], leaf: 0});
    const page = await open({}, url + "/#chat=" + chat.id);
    await page.waitForSelector("#list .current");
    await ask(page, "Hello!");
    await answered(page);
    const first = await page.textContent(".message.assistant .body");
    assert.match(first, /\w+ \w+/);
    assert.match(await page.textContent(".message.assistant .stats"), /\d+ tokens/);
    await page.screenshot({path: "screens/answer.png"});

    await page.click(".message.assistant button[aria-label=Regenerate]");
    await answered(page);
    assert.match(await page.textContent(".message.assistant .tools"), /2\/2/);
    await page.click(".message.assistant button[aria-label='Previous version']");
    await page.waitForFunction(() => document.querySelector(".message.assistant .tools").textContent.includes("1/2"));
    assert.equal(await page.textContent(".message.assistant .body"), first);

    await page.click(".message.user button[aria-label=Edit]");
    assert.equal(await page.inputValue("#input"), "Hello!");
    await ask(page, "Who are you?");
    await answered(page);
    assert.equal(await page.textContent(".message.user .body"), "Who are you?");
    assert.match(await page.textContent(".message.user .tools"), /2\/2/);

    const other = await open({viewport: {width: 390, height: 780}, isMobile: true, hasTouch: true, locale: "de-DE", colorScheme: "dark"});
    await other.click("#side-open");
    await other.click("#list .open:has-text('A story')");
    await other.waitForSelector(".message.assistant");
    assert.equal(await other.textContent(".message.user .body"), "Who are you?");
    assert.equal(await other.textContent("#send"), "Senden");
    await other.screenshot({path: "screens/phone.png"});
    await ask(page, "Goodbye");
    await answered(page);
    await other.waitForSelector(".message.user .body:has-text('Goodbye')"); // told by the server

    await page.reload();
    await page.waitForSelector(".message.user .body:has-text('Goodbye')");
    await page.context().close();
    await other.context().close();
});

test("stop and continue", async () => {
    const chat = await create({title: "Long", settings: {temperature: 0.8, seed: 3, max_tokens: 1500}, messages: [], leaf: 0});
    const page = await open({}, url + "/#chat=" + chat.id);
    await page.waitForSelector("#list .current");
    await ask(page, "Tell me a story");
    await page.waitForSelector(".message.live .tail:not(:empty)");
    if (await page.isVisible("#stop"))
        await page.click("#stop").catch(() => {}); // the story may have ended by itself
    await answered(page);
    const before = await page.textContent(".message.assistant .body");
    await page.click(".message.assistant button[aria-label=Continue]");
    await answered(page);
    assert.ok((await page.textContent(".message.assistant .body")).startsWith(before.trimEnd().slice(0, 20)));
    await page.context().close();
});

test("500 messages", async () => {
    const messages = Array.from({length: 500}, (_, i) => ({
        id: i + 1, parent: i, role: i % 2 ? "assistant" : "user",
        content: i % 2 ? `Answer **${i}**\n\n\`\`\`go\nx := ${i}\n\`\`\`\n\n$x^${i % 10}$` : `Question ${i}`
    }));
    const chat = await create({title: "Many messages", settings, messages, leaf: 500});
    const page = await open();
    const begin = Date.now();
    await page.click("#list .open:has-text('Many messages')");
    await page.waitForSelector(".message.assistant strong:has-text('499')");
    assert.ok(Date.now() - begin < 10000, "opening took " + (Date.now() - begin) + " ms");
    assert.ok(await page.locator("math").count() > 5);
    await page.screenshot({path: "screens/many.png"});
    const shown = await page.locator(".message").count();
    await page.click(".earlier");
    await page.waitForFunction((n) => document.querySelectorAll(".message").length > n, shown);
    await page.fill("#search", "Question 42");
    await page.waitForFunction(() => document.querySelectorAll("#list li").length === 1);
    assert.equal(chat.count, 500);
    await page.context().close();
});

test("errors are told", async () => {
    const page = await open();
    await ask(page, "word ".repeat(3000));
    await page.waitForSelector(".message .error");
    assert.match(await page.textContent(".message .error"), /context is full/i);
    await page.screenshot({path: "screens/error.png"});
    await page.context().close();
});

test("API key", async () => {
    const page = await open({}, guarded + "/");
    await page.waitForSelector("#dialog[open] input");
    await page.fill("#dialog input", key);
    await page.click("#dialog button.primary");
    await page.waitForFunction(() => document.querySelector("#model").textContent === "demo");
    await page.context().close();
    const known = await open({}, guarded + "/#key=" + key); // as from a QR code
    await known.waitForFunction(() => document.querySelector("#model").textContent === "demo" && !location.hash);
    await known.context().close();
});

test("nothing failed, and nobody else was asked", () => {
    assert.deepEqual(faults, []);
    assert.ok(late);
});
