package web

import "strings"

// symbols are commands that stand for one element.
var symbols = buildSymbols()

func buildSymbols() map[string]string {
	m := map[string]string{}
	add := func(element, list string) {
		for _, pair := range strings.Fields(list) {
			name, char, _ := strings.Cut(pair, "=")
			m[name] = "<" + element + ">" + char + "</" + element + ">"
		}
	}
	add("mi", "alpha=α beta=β gamma=γ delta=δ epsilon=ϵ varepsilon=ε zeta=ζ eta=η theta=θ vartheta=ϑ iota=ι kappa=κ lambda=λ mu=μ nu=ν "+
		"xi=ξ pi=π varpi=ϖ rho=ρ varrho=ϱ sigma=σ varsigma=ς tau=τ upsilon=υ phi=ϕ varphi=φ chi=χ psi=ψ omega=ω Gamma=Γ Delta=Δ "+
		"Theta=Θ Lambda=Λ Xi=Ξ Pi=Π Sigma=Σ Upsilon=Υ Phi=Φ Psi=Ψ Omega=Ω hbar=ℏ ell=ℓ Re=ℜ Im=ℑ aleph=ℵ infty=∞ emptyset=∅ "+
		"varnothing=∅ partial=∂ imath=ı jmath=ȷ wp=℘")
	add("mo", "times=× div=÷ cdot=⋅ ast=∗ star=⋆ pm=± mp=∓ circ=∘ bullet=∙ oplus=⊕ otimes=⊗ ominus=⊖ odot=⊙ wedge=∧ vee=∨ land=∧ lor=∨ "+
		"lnot=¬ neg=¬ cap=∩ cup=∪ setminus=∖ le=≤ leq=≤ ge=≥ geq=≥ ne=≠ neq=≠ equiv=≡ approx=≈ sim=∼ simeq=≃ cong=≅ propto=∝ ll=≪ gg=≫ "+
		"prec=≺ succ=≻ subset=⊂ supset=⊃ subseteq=⊆ supseteq=⊇ in=∈ notin=∉ ni=∋ mid=∣ nmid=∤ parallel=∥ perp=⊥ vdash=⊢ models=⊨ "+
		"to=→ rightarrow=→ leftarrow=← gets=← leftrightarrow=↔ Rightarrow=⇒ Leftarrow=⇐ Leftrightarrow=⇔ implies=⟹ iff=⟺ mapsto=↦ "+
		"longrightarrow=⟶ longleftarrow=⟵ uparrow=↑ downarrow=↓ hookrightarrow=↪ rightharpoonup=⇀ forall=∀ exists=∃ nexists=∄ nabla=∇ "+
		"sum=∑ prod=∏ coprod=∐ int=∫ iint=∬ iiint=∭ oint=∮ bigcup=⋃ bigcap=⋂ bigoplus=⨁ bigotimes=⨂ bigvee=⋁ bigwedge=⋀ "+
		"ldots=… dots=… cdots=⋯ vdots=⋮ ddots=⋱ langle=⟨ rangle=⟩ lfloor=⌊ rfloor=⌋ lceil=⌈ rceil=⌉ lvert=| rvert=| lVert=‖ rVert=‖ "+
		"vert=| Vert=‖ backslash=\\ prime=′ angle=∠ triangle=△ square=□ therefore=∴ because=∵ top=⊤ bot=⊥ dagger=† ddagger=‡ "+
		"lbrace={ rbrace=} lbrack=[ rbrack=] colon=: degree=°")
	for name, width := range map[string]string{",": "0.17em", ":": "0.22em", ";": "0.28em", "!": "-0.17em", "quad": "1em", "qquad": "2em", " ": "0.33em", "thinspace": "0.17em"} {
		m[name] = `<mspace width="` + width + `"></mspace>`
	}
	m["|"] = "<mo>‖</mo>"
	m["bmod"] = "<mo>mod</mo>"
	m["mod"] = "<mo>mod</mo>"
	return m
}

// functions are names set upright.
var functions = buildFunctions()

func buildFunctions() map[string]string {
	m := map[string]string{"limsup": "lim sup", "liminf": "lim inf"}
	for _, name := range strings.Fields("sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth log ln lg exp lim max min sup inf " +
		"det dim ker deg gcd lcm Pr arg hom") {
		m[name] = name
	}
	return m
}

// limits are the tokens whose scripts stand above and below.
var limits = buildLimits()

func buildLimits() map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields("sum prod coprod bigcup bigcap bigoplus bigotimes bigvee bigwedge lim limsup liminf max min sup inf " +
		"underbrace overbrace") {
		m[`\`+name] = true
	}
	return m
}

var accents = map[string]string{
	"hat": "^", "widehat": "^", "bar": "¯", "vec": "→", "dot": "˙", "ddot": "¨", "tilde": "~", "widetilde": "~", "check": "ˇ",
	"breve": "˘", "acute": "´", "grave": "`", "overrightarrow": "→", "overleftarrow": "←",
}

// fonts map letters to the mathematical alphabets of Unicode (block 1D400 and letterlike symbols).
var fonts = map[string]func(rune) rune{
	"mathbf": alphabet(0x1D400, 0x1D7CE, nil), "boldsymbol": alphabet(0x1D400, 0x1D7CE, nil), "bm": alphabet(0x1D400, 0x1D7CE, nil),
	"mathit": func(r rune) rune { return r },
	"mathbb": alphabet(0x1D538, 0x1D7D8, map[rune]rune{'C': 'ℂ', 'H': 'ℍ', 'N': 'ℕ', 'P': 'ℙ', 'Q': 'ℚ', 'R': 'ℝ', 'Z': 'ℤ'}),
	"mathcal": alphabet(0x1D49C, 0, map[rune]rune{'B': 'ℬ', 'E': 'ℰ', 'F': 'ℱ', 'H': 'ℋ', 'I': 'ℐ', 'L': 'ℒ', 'M': 'ℳ', 'R': 'ℛ',
		'e': 'ℯ', 'g': 'ℊ', 'o': 'ℴ'}),
	"mathfrak": alphabet(0x1D504, 0, map[rune]rune{'C': 'ℭ', 'H': 'ℌ', 'I': 'ℑ', 'R': 'ℜ', 'Z': 'ℨ'}),
	"mathsf":   alphabet(0x1D5A0, 0x1D7E2, nil), "mathtt": alphabet(0x1D670, 0x1D7F6, nil),
}

// alphabet maps letters to the 52 from upper and digits to the ten from digit, unless special says otherwise.
func alphabet(upper, digit rune, special map[rune]rune) func(rune) rune {
	return func(r rune) rune {
		if s, ok := special[r]; ok {
			return s
		}
		switch {
		case r >= 'A' && r <= 'Z':
			return upper + r - 'A'
		case r >= 'a' && r <= 'z':
			return upper + 26 + r - 'a'
		case r >= '0' && r <= '9' && digit != 0:
			return digit + r - '0'
		}
		return r
	}
}
