"""Render the templates of python.json and cases.json with Python's Jinja (Debian: python3-jinja2) and write its answers.

Run it in this folder: /usr/bin/python3 generate.py. The environment is the one transformers makes for apply_chat_template.
"""

import json

import jinja2
import jinja2.ext
import jinja2.sandbox


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


env = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols])
env.filters["tojson"] = tojson
env.globals["raise_exception"] = raise_exception


def answer(source, context):
    """{"output": text}, or {"error": name of the exception}."""
    try:
        return {"output": env.from_string(source).render(**json.loads(json.dumps(context)))}
    except Exception as e:  # whatever a template provokes
        return {"error": type(e).__name__}


def main():
    with open("python.json") as f:
        cases = json.load(f)
    for c in cases:
        c["want"] = answer(c["source"], {})["output"]
    with open("python.json", "w") as f:
        json.dump(cases, f, indent=1, ensure_ascii=False)
        f.write("\n")
    with open("cases.json") as f:
        data = json.load(f)
    data["about"] = "small templates and what Python's jinja2 %s answers; error = it raises" % jinja2.__version__
    data["cases"] = [{"template": c["template"], **answer(c["template"], data["context"])} for c in data["cases"]]
    with open("cases.json", "w") as f:
        json.dump(data, f, indent=1, ensure_ascii=False)
        f.write("\n")


main()
