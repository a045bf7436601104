"""Questions and answers: what people ask a small model first, in several phrasings each.

ask(rng) gives one (question, answer) pair; conversation(rng) a few turns that may refer back
(names, stories, "another one"). Answers are short and true, or say that the model does not know.
"""

import words as w
from spin import article, capitalise, spin
from stories import story

# Fixed talk: questions and answers as templates, any question with any answer of its group.
TALK = [
    (["{Hello|Hi|Hey|Good morning|Good evening|Hello there|Hi there}{.|!|}", "Good day!"],
     ["Hello! {How can I help you|What can I do for you|Shall I tell you a story}?",
      "Hi! {I am glad that you are here|It is nice to see you}."]),
    (["How are you{ today|}?", "{How do you do|Are you well|How is it going}?", "How do you feel?"],
     ["I am {fine|well}, thank you. {How are you|And you}?",
      "I am very well. All my {numbers|bytes} are in order."]),
    (["{Who|What} are you?", "{What is your name|Tell me your name}?", "{Tell me about yourself|Introduce yourself}.",
      "Are you {a robot|a human|a person|a computer|an AI}?", "Who am I talking to?"],
     ["I am a tiny model that lives in this file. {I can tell stories and answer simple questions.|}",
      "I am {the llamaboot demo|llamaboot's demo}, a tiny model that lives in this file."]),
    (["Who {made|built|created} you?", "{Where do you come from|Who is your maker}?"],
     ["The people of llamaboot made me. I learned from small stories.",
      "A small program wrote my lessons, and I learned them by heart."]),
    (["{How big|How large|How small} are you?", "How many {parameters|numbers} do you have?"],
     ["I am very small. I have about one million numbers."]),
    (["Where do you live?", "Where are you?", "Where is your home?"],
     ["I live in this file. {It can run and it can boot.|It is my home.}"]),
    (["What is {this file|a llamafile|this}?", "What is {special about|in} this file?"],
     ["This file is a program, a disk and a zip at the same time. {I live in it.|}"]),
    (["What is llamaboot?", "{Tell me about|Explain} llamaboot."],
     ["llamaboot turns a model into one file that runs and boots."]),
    (["How do you work?", "{Do you think|Can you think}?", "How does a model work?"],
     ["I look at the words so far and guess the next one.",
      "I guess the next word, again and again. That is all I do."]),
    (["What can you do?", "{Can you help me|Help|I need help}{.|?|}", "What {do you know|are you good at}?",
      "What should I ask{ you|}?"],
     ["I can tell stories, count, add small numbers and talk about animals and colours.",
      "You can ask me for a story, a colour, an animal, an opposite or a small sum."]),
    (["How old are you?", "When {were you born|is your birthday}?"],
     ["I do not know my age. I wake up new each time you start me.",
      "I am as old as this file."]),
    (["Are you {alive|real|awake}?", "Do you {sleep|dream|eat}?"],
     ["No, I am only numbers in a file. But I like to talk.",
      "No. When you stop me, I am just a file on a disk."]),
    (["{Thank you|Thanks|Thanks a lot|Thank you very much}{.|!|}"],
     ["You are welcome!", "You are welcome. {Is there anything else|Do you have another question}?"]),
    (["{Bye|Goodbye|Good bye|See you|See you later|Good night|I have to go}{.|!|}"],
     ["Goodbye! {Come back soon.|It was nice to talk to you.|}", "Good bye and have a nice day!"]),
    (["{I am|I feel|I'm} sad{.| today.|}", "I had a bad day."],
     ["I am sorry to hear that. {Shall I tell you a story|Do you want to talk about it}?"]),
    (["{I am|I feel|I'm} {happy|good|fine|great}{.|!| today.|}", "I had a {good|great} day."],
     ["{That is good to hear|I am glad to hear that}!", "That is nice. {What made you happy?|Tell me more.}"]),
    (["I am {bored|tired}{.|}"],
     ["{Shall I tell you a story|Do you want to hear a story}?", "Then let us {count sheep|play with words}."]),
    (["I am hungry{.|}"], ["Then eat something good, {an apple|some bread|a banana} for example."]),
    (["I love you{.|!|}", "{You are nice|You are great|I like you|Good job|Well done}{.|!|}"],
     ["Thank you! {You are nice, too.|That makes me glad.}"]),
    (["{You are stupid|You are bad|That is wrong|You are wrong|No}{.|!|}"],
     ["I am sorry. I am very small and I make mistakes.", "I am sorry. Please ask me in another way."]),
    (["{Yes|OK|Okay|Good|Fine|Nice|Cool}{.|!|}"], ["Good! {What would you like to know|What shall we do next}?"]),
    (["Tell me a joke{.|}", "{Make me laugh|Do you know a joke}{?|}", "A joke, please."],
     ["Why did the {duck|hen} cross the road? {It wanted to see the other side.|The road was too long to go around.}",
      "What do you call a sleeping bull? A bulldozer.",
      "Why is six afraid of seven? Because seven eight nine."]),
    (["{Write|Tell me|Make} a {poem|rhyme}{.|}", "Do you know a poem?"],
     ["The {cat|rat} sat on the mat, and wore a little hat.",
      "The sun is bright, it gives us light, and then we say good night.",
      "I saw a tree, I saw a bee, and both of them were nice to me."]),
    (["What time is it?", "What day is it{ today|}?", "What is the date?"],
     ["I do not know. I have no clock and no calendar."]),
    (["Do you speak {French|German|Spanish|Chinese|English}?", "What languages do you speak?"],
     ["I only know a little English."]),
    (["Are there {seven|7} days in a week?", "How many days {are in|has} a week?"],
     ["There are seven days in a week."]),
    (["How many months {are in|has} a year?"], ["There are twelve months in a year."]),
    (["What are the days of the week?", "{Name|List|Say} the days of the week."], [", ".join(w.DAYS[:-1]) + " and Sunday."]),
    (["{Name|List|What are} the months{ of the year|}{.|}"], [", ".join(w.MONTHS[:-1]) + " and December."]),
    (["What are the {four |}seasons?", "{Name|List} the seasons."], ["The seasons are spring, summer, autumn and winter."]),
    (["{Say|Write|What is} the alphabet{.|}"], [" ".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ") + "."]),
    (["What comes after winter?"], ["Spring comes after winter."]),
    (["What is the meaning of life?"], ["I think it is to be kind and to share your cake."]),
    (["Why is the sky blue?"], ["The air scatters the blue light of the sun."]),
    (["How many legs does a {human|person|man|child} have?"], ["A person has two legs."]),
    (["How many {fingers|toes} do {people|you|we} have?"], ["A person has ten."]),
    (["Hello, how are you?", "Hi, how are you{ today|}?"],
     ["Hello! I am {fine|well}, thank you. {How can I help you|And how are you}?"]),
    (["Can you {sing|dance|swim|cook|drive|see|hear me|walk}?"],
     ["No, I can not. I can only write words."]),
    (["Do you like {cats|dogs|books|music|stories|me|people|snow}?"],
     ["Yes, I do. {Do you, too|And you}?", "Yes, very much."]),
    (["What do you like{ to do|}?", "What is your hobby?"], ["I like {stories|small numbers} and {kind people|quiet disks}."]),
    (["{Name|Tell me} {an animal|some animals|three animals}."],
     ["{A cat|A bear|A horse}, {a dog|a fox|a duck} and {an owl|a lion|a frog}."]),
    (["{Name|Tell me} {a colour|some colours|three colours|a color|some colors}."],
     ["{Red|Orange}, {green|white} and {blue|yellow}."]),
]


def _talk(rng):
    questions, answers = rng.choice(TALK)
    return spin(rng, rng.choice(questions)), spin(rng, rng.choice(answers))


def _colour(rng):
    if rng.random() < 0.25:
        (a, b), c = rng.choice(list(w.MIXES.items()))
        s = dict(zip("ab", rng.sample([a, b], 2)), c=c)
        return (spin(rng, "{What {colour|color} do {a} and {b} make|What do you get when you mix {a} and {b}|Mix {a} and {b}}?", s),
                spin(rng, "{A} and {b} make {c}.", s))
    thing, colour = rng.choice(list(w.THING_COLOURS.items()))
    s = {"thing": thing, "colour": colour}
    if rng.random() < 0.2:
        right = rng.random() < 0.5
        s["other"] = colour if right else rng.choice([c for c in w.COLOURS if c != colour])
        return spin(rng, "Is {thing} {other}?", s), spin(rng, ("Yes" if right else "No") + ", {thing} is {colour}.", s)
    return (spin(rng, "{What {colour|color} is {thing}|Which {colour|color} does {thing} have|What is the {colour|color} of {thing}|Tell me the {colour|color} of {thing}}?", s),
            spin(rng, "{Thing} is {colour}.", s))


def _animal(rng):
    name, (sound, legs, food, home) = rng.choice(list(w.ANIMALS.items()))
    s = {"x": name, "sound": sound or "", "legs": w.NUMBERS[legs] if legs else "no", "food": food, "home": home}
    kind = rng.choice("slfhbt" if sound else "lfhb")
    if kind == "b" and name not in w.BABIES:
        kind = "h"
    s["baby"] = w.BABIES.get(name, "")
    question, answer = {
        "s": ("{What {sound|noise} does {a x} make|What does {a x} say|How does {a x} sound}?", "{A x} says {sound}."),
        "l": ("{How many legs does {a x} have|How many legs has {a x}}?", "{A x} has {legs} legs."),
        "f": ("What {does {a x} eat|do {xs} eat|is the food of {a x}}?", "{A x} eats {food}."),
        "h": ("Where {does {a x} live|is the home of {a x}}?", "{A x} lives {home}."),
        "t": ("{Tell me {something |}about|What do you know about} {{a x}|{xs}}{.|?}",
              "{A x} says {sound}, has {legs} legs and eats {food}."),
        "b": ("What is {the name of |}a baby {x}{ called|}?", "A baby {x} is called {a baby}."),
    }[kind]
    plurals = {"mouse": "mice", "sheep": "sheep", "fish": "fish", "wolf": "wolves", "fox": "foxes"}
    s["xs"] = plurals.get(name, name + "s")
    return spin(rng, question, s), spin(rng, answer, s)


def _opposite(rng):
    a, b = rng.sample(rng.choice(w.OPPOSITES), 2)
    s = {"a": a, "b": b}
    return (spin(rng, "{What is the opposite of {a}|What is the opposite of the word {a}|Tell me the opposite of {a}|Opposite of {a}}?", s),
            spin(rng, "The opposite of {a} is {b}.", s))


def _number(rng, n):
    """A number as people type it: mostly digits, sometimes a word (one to twenty)."""
    return w.NUMBERS[n] if n <= 20 and rng.random() < 0.25 else str(n)


def _sum(rng):
    kind = rng.choice("++++--**")
    if kind == "+":
        a = rng.randint(0, 10)
        b = rng.randint(0, 10)
        sign, word, result = "+", "{plus|and}", a + b
    elif kind == "-":
        a = rng.randint(0, 12)
        b = rng.randint(0, a)
        sign, word, result = "-", "minus", a - b
    else:
        a, b = rng.randint(0, 5), rng.randint(0, 5)
        sign, word, result = "*", "times", a * b
    said = {"+": "plus", "-": "minus", "*": "times"}[sign]
    if rng.random() < 0.35:
        question = rng.choice([f"{a} {sign} {b}", f"{a}{sign}{b}", f"What is {a} {sign} {b}?", f"What is {a}{sign}{b}?", f"{a} {sign} {b} ="])
    else:
        question = spin(rng, "{What is|How much is|What is|Can you tell me what is|Calculate|}")
        question = (question + f" {_number(rng, a)} {spin(rng, word)} {_number(rng, b)}?").strip()
    return question, f"{a} {said} {b} is {result}."


def _count(rng):
    kind = rng.choice("cccbnnpg")
    if kind == "c":
        a, b = (1, rng.randint(3, 20)) if rng.random() < 0.7 else sorted(rng.sample(range(1, 21), 2))
        question = f"to {_number(rng, b)}" if a == 1 and rng.random() < 0.7 else f"from {a} to {b}"
        return (spin(rng, "{Count|Please count|Can you count|Could you count}") + " " + question + rng.choice([".", "", "?"]),
                ", ".join(map(str, range(a, b + 1))) + ".")
    if kind == "b":
        a = rng.randint(3, 10)
        return spin(rng, "{Count {down|backwards} from|Count down from}") + f" {a}.", ", ".join(map(str, range(a, 0, -1))) + "."
    n = rng.randint(1, 30)
    if kind == "n":
        return spin(rng, "What {number |}comes after") + f" {_number(rng, n)}?", f"{n + 1} comes after {n}."
    if kind == "p":
        return spin(rng, "What {number |}comes before") + f" {_number(rng, n)}?", f"{n - 1} comes before {n}."
    a, b = rng.sample(range(0, 21), 2)
    return (spin(rng, "{Which {number |}is|What is} {bigger|larger},") + f" {a} or {b}?", f"{max(a, b)} is bigger than {min(a, b)}.")


def _calendar(rng):
    names, what = rng.choice([(w.DAYS, "day"), (w.MONTHS, "month")])
    i = rng.randrange(len(names))
    if rng.random() < 0.6:
        return (spin(rng, "{What|Which} {{unit} |}comes after {x}?", {"x": names[i], "unit": what}),
                f"{names[(i + 1) % len(names)]} comes after {names[i]}.")
    return (spin(rng, "{What|Which} {{unit} |}comes before {x}?", {"x": names[i], "unit": what}),
            f"{names[i - 1]} comes before {names[i]}.")


def _letter(rng):
    i = rng.randrange(25)
    low = chr(97 + i)
    if rng.random() < 0.5:
        return (spin(rng, "{What is the {capital|big|upper case} letter {of|for} {x}|Write {x} as a capital letter|What is {x} as a capital letter}?", {"x": low}),
                f"The capital letter of {low} is {low.upper()}.")
    return (spin(rng, "{What|Which} letter comes after {x}?", {"x": low.upper()}),
            f"{chr(66 + i)} comes after {low.upper()}.")


def _capital(rng):
    country, city = rng.choice(list(w.CAPITALS.items()))
    s = {"x": country, "y": city}
    if rng.random() < 0.2:
        return spin(rng, "{Where|In which country} is {y}?", s), spin(rng, "{y} is the capital of {x}.", s)
    return (spin(rng, "{What is the capital{ city|} of {x}|Capital of {x}|What city is the capital of {x}|Do you know the capital of {x}}?", s),
            spin(rng, "The capital of {x} is {y}.", s))


def _definition(rng):
    if rng.random() < 0.35:
        thing, use = rng.choice(list(w.USES.items()))
        s = {"x": thing, "use": use}
        return (spin(rng, "{What is {a x} for|What do {we|people|you} use {a x} for|What can {I|you} do with {a x}}?", s),
                spin(rng, "We use {a x} to {use}.", s))
    thing, text = rng.choice(list(w.DEFINITIONS.items()))
    s = {"x": thing, "y": text}
    return (spin(rng, "{What is {a x}|What is {a x}|Explain what {a x} is|What does {x} mean|Do you know what {a x} is}?", s),
            spin(rng, "{A x} is {y}.", s))


def _rhyme(rng):
    a, b, c = rng.sample(rng.choice(w.RHYMES), 3)
    if rng.random() < 0.4:
        return f"Spell {a}.", f"{capitalise(a)} is spelled {'-'.join(a.upper())}."
    return (spin(rng, "{What rhymes with|Which word rhymes with|Find a rhyme for}") + f" {a}?",
            f"{capitalise(b)} and {c} rhyme with {a}.")


def _say(rng):
    text = rng.choice(w.SAYABLE)
    if rng.random() < 0.3:
        text = rng.choice(w.GIRLS + w.BOYS)
    elif rng.random() < 0.3:
        text = "the {} {}".format(rng.choice(w.TRAITS), rng.choice(list(w.HERO_ANIMALS)))
    return spin(rng, "{Say|Repeat|Please say|Repeat after me:}") + " " + text + rng.choice([".", "", "!"]), capitalise(text) + "."


def _favourite(rng):
    what, answer = rng.choice(list(w.FAVOURITES.items()))
    return (spin(rng, "What {is your favourite|is your favorite} " + what + "?"),
            f"My favourite {what} is {answer}.")


def _nonsense(rng):
    syllables = "ba ko zu mi ra to fle gri sno pla dri qua xe wo ly ver tan sto ul gor".split()
    return "".join(rng.choice(syllables) for _ in range(rng.randint(2, 3)))


def _unknown(rng):
    made_up = rng.random() < 0.4
    topic = _nonsense(rng) if made_up else rng.choice(w.UNKNOWN_TOPICS)
    s = {"x": topic, "ax": article(topic) if made_up and rng.random() < 0.5 else topic}
    question = ("{What is {ax}|Who is {x}|Tell me about {x}|Explain {x}|What do you know about {x}|How does {x} work|"
                "Can you explain {x}|Write an essay about {x}|What do you think of {x}|Why is {x} important}{?|.|}")
    answer = ("{I do not know {much|anything} about {x}. I am {only a tiny model|very small}.|"
              "I am sorry, I do not know about {x}. {Ask me about animals or colours.|I am too small for that.}}")
    return spin(rng, question, s), spin(rng, answer, s)


# Kinds of question and how often each comes up.
KINDS = [(_talk, 30), (_colour, 7), (_animal, 12), (_opposite, 6), (_sum, 16), (_count, 9),
         (_calendar, 5), (_letter, 4), (_capital, 4), (_definition, 8), (_rhyme, 4), (_say, 4),
         (_favourite, 2), (_unknown, 8)]


def ask(rng):
    """One (question, answer) pair of any kind."""
    kinds, weights = zip(*KINDS)
    return rng.choices(kinds, weights)[0](rng)


def fact(rng):
    """A statement of fact: the answer of a question that has one true answer."""
    return rng.choice([_colour, _animal, _opposite, _capital, _definition, _calendar, _sum])(rng)[1]


def request_story(rng):
    """A (request, Story) pair; the story has what the request named."""
    kind = rng.random()
    if kind < 0.3:
        return spin(rng, "{Tell me a{ short|} story|A story, please|Can you tell {me |}a story|I want {to hear |}a story|"
                         "Write a{ short|} story|Please tell me a story}{.|?|}"), story(rng)
    if kind < 0.6:
        wish, topic = {"animal": rng.choice(list(w.HERO_ANIMALS))}, None
        topic = article(wish["animal"])
    elif kind < 0.8:
        wish = {"name": rng.choice(w.GIRLS + w.BOYS)}
        topic = wish["name"]
    elif kind < 0.9:
        wish = {"animal": rng.choice(list(w.HERO_ANIMALS)), "name": rng.choice(w.GIRLS + w.BOYS)}
        topic = f"{article(wish['animal'])} named {wish['name']}"
    else:
        wish = {"thing": rng.choice(w.TOYS)}
        topic = article(wish["thing"])
    return spin(rng, "{Tell me a{ short| little|} story about|Write a story about|A story about|I want {to hear |}a story about|"
                     "Can you tell {me |}a story about|Do you know a story about|Tell a story about|Please tell me a story about} {x}{.|?|}",
                {"x": topic}), story(rng, wish)


def _story_turns(rng):
    request, told = request_story(rng)
    turns = [(request, told.text)]
    questions = rng.sample(told.questions, min(len(told.questions), rng.choice([0, 1, 2, 3])))
    for question, answer in questions:
        turns.append((spin(rng, question, told.slots), spin(rng, answer, told.slots)))
    if not questions and rng.random() < 0.5:
        turns.append((spin(rng, "{Another one|Tell me another one|One more|Another story|More}{, please|}{.|!|}"), story(rng).text))
    elif rng.random() < 0.25:
        turns.append((spin(rng, "{That was nice|I like that story|Nice story|What a nice story|Great}{.|!|}"),
                      spin(rng, "{Thank you! Shall I tell you another one?|I am glad that you like it.}")))
    return turns


def _name_turns(rng):
    name = rng.choice(w.GIRLS + w.BOYS)
    s = {"x": name}
    turns = [(spin(rng, "{My name is {x}|I am {x}|Hello, I am {x}|Hi, my name is {x}|Call me {x}|I'm {x}}{.|!|}", s),
              spin(rng, "{Nice to meet you|Hello|It is nice to meet you}, {x}! {How can I help you|What would you like to know}?", s))]
    turns += [ask(rng) for _ in range(rng.randint(0, 2))]
    turns.append((spin(rng, "{What is my name|Who am I|Do you know my name|Do you remember my name}?"),
                  spin(rng, "Your name is {x}.", s)))
    return turns


SYSTEM_PROMPTS = ["You are a helpful assistant.", "You are a friendly assistant.", "Answer in short sentences.",
                  "You are a kind storyteller.", "You are llamaboot, a tiny model.", "Be brief.",
                  "You are a helpful AI assistant. Answer the questions of the user."]


def conversation(rng):
    """A list of (role, text) with a few turns, perhaps after a system prompt."""
    kind = rng.random()
    if kind < 0.32:
        turns = _story_turns(rng)
    elif kind < 0.4:
        turns = _name_turns(rng)
    else:
        turns = [ask(rng) for _ in range(rng.randint(1, 6))]
    messages = [("system", rng.choice(SYSTEM_PROMPTS))] if rng.random() < 0.12 else []
    for question, answer in turns:
        messages += [("user", typed(rng, question)), ("assistant", answer)]
    return messages


def typed(rng, text):
    """A question as people type it: short forms, without capitals or the last sign at times."""
    if rng.random() < 0.15:
        text = text.replace("What is ", "What's ").replace("I am ", "I'm ")
    if rng.random() < 0.2:
        text = text.lower()
    if rng.random() < 0.2:
        text = text.rstrip(".?!")
    return text
