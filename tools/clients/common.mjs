// What the tests of all clients share. The Go test (clients_test.go) starts the servers and says where they are.
export const url = process.env.SERVER; // no key
export const guarded = process.env.GUARDED_SERVER; // wants the key below, under a prefix
export const late = process.env.LATE_SERVER; // loads its model while the test runs
export const key = process.env.SERVER_KEY;

export const question = [{role: "user", content: "Tell me a story"}];
export const weather = {
    type: "function",
    function: {
        name: "get_weather",
        description: "The weather of a city",
        parameters: {
            type: "object",
            properties: {
                city: {type: "string", enum: ["Paris", "Rome"]},
                days: {type: "integer", minimum: 1, maximum: 3}
            },
            required: ["city", "days"],
            additionalProperties: false
        }
    }
};

export function isWeather(args) {
    return ["Paris", "Rome"].includes(args.city) && args.days >= 1 && args.days <= 3;
}

// idle waits until no slot is busy and returns how long that took, in milliseconds.
export async function idle() {
    const begin = Date.now();
    for (;;) {
        const slots = await (await fetch(url + "/slots")).json();
        if (slots.every((s) => !s.is_processing))
            return Date.now() - begin;
        if (Date.now() - begin > 10000)
            throw new Error("a slot is busy for ten seconds");
        await new Promise((done) => setTimeout(done, 20));
    }
}
