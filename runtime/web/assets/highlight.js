// Colours code: comments, strings, numbers and words most languages keep for themselves. One pass, no nesting.

const words = new Set(("abstract and as assert async await begin bool boolean break case catch char class const continue def default defer del " +
  "do double echo elif else elsif end enum esac except export extends extern false False fi final finally float fn for foreach from func " +
  "function global go goto if impl implements import in include instanceof int interface is lambda let local long loop match mod module mut " +
  "namespace new nil None not null of or override package pass private protected pub public raise range return select self short signed sizeof " +
  "static string struct super switch template then this throw trait true True try type typedef typeof uint union unsigned use using val var " +
  "virtual void when where while with yield SELECT FROM WHERE INSERT INTO UPDATE DELETE CREATE TABLE JOIN ON AND OR NOT NULL ORDER BY GROUP LIMIT").split(" "));

const hashComments = /^(py|python|sh|bash|zsh|shell|rb|ruby|yaml|yml|toml|makefile|make|r|perl|pl|dockerfile|conf|ini|elixir|nix)$/;
const dashComments = /^(sql|lua|haskell|hs|ada|elm)$/;
const plain = /^(text|txt|plaintext|markdown|md|diff|output|console)$/;

export function highlight(code, language) {
  const source = code.textContent;
  if (plain.test(language) || source.length > 200000) return;
  const comment = hashComments.test(language) ? "#[^\\n]*" : dashComments.test(language) ? "--[^\\n]*" :
    language === "html" || language === "xml" ? "<!--[\\s\\S]*?-->" : "//[^\\n]*|/\\*[\\s\\S]*?\\*/";
  const pattern = new RegExp("(" + comment + ")" +
    "|(\"\"\"[\\s\\S]*?\"\"\"|'''[\\s\\S]*?'''|\"(?:\\\\.|[^\"\\\\\\n])*\"|'(?:\\\\.|[^'\\\\\\n])*'|`(?:\\\\.|[^`\\\\])*`)" +
    "|\\b(0[xXbo][0-9a-fA-F_]+|\\d[\\d_]*(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)\\b|([A-Za-z_]\\w*)", "g");
  const out = document.createDocumentFragment();
  let last = 0;
  for (const m of source.matchAll(pattern)) {
    const kind = m[1] ? "c" : m[2] ? "s" : m[3] ? "n" : words.has(m[4]) ? "k" : "";
    if (!kind) continue;
    out.append(source.slice(last, m.index));
    const span = document.createElement("span");
    span.className = kind;
    span.textContent = m[0];
    out.append(span);
    last = m.index + m[0].length;
  }
  out.append(source.slice(last));
  code.replaceChildren(out);
}
