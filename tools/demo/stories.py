"""Small stories: a hero, a want, a cause, an attempt, a helper, an end that follows from them.

Every plot is a function of a Cast; it returns sentences (templates of spin.py) and what can be
asked about the story afterwards. The cast picks words that fit together; a wish (an animal, a
thing, a name the user asked for) fixes some of them beforehand.
"""

from dataclasses import dataclass

import words as w
from spin import spin


@dataclass
class Story:
    text: str
    slots: dict
    questions: list   # (question template, answer template) pairs, slots as in `slots`


class Cast:
    """The people and things of one story, as slots for its templates."""

    def __init__(self, rng, wish=None):
        wish = wish or {}
        self.rng = rng
        self.slots = s = {}
        animal = wish.get("animal")
        if animal is None and "name" not in wish and rng.random() < 0.4:
            animal = rng.choice(list(w.HERO_ANIMALS))
        name = wish.get("name") or rng.choice(w.GIRLS + w.BOYS)
        female = name in w.GIRLS
        s["hero"] = name
        s["kind"] = animal or ("girl" if female else "boy")
        s["home"] = w.HERO_ANIMALS[animal] if animal else rng.choice(w.CHILD_HOMES)
        s["trait"] = rng.choice(w.TRAITS)
        s["hobby"] = rng.choice(w.HOBBIES)
        self._pronouns("", female)
        friend = rng.choice([n for n in w.GIRLS + w.BOYS if n != name])
        s["friend"] = friend
        s["fkind"] = rng.choice([a for a in w.HERO_ANIMALS if a != animal])
        self._pronouns("f", friend in w.GIRLS)
        adult = rng.choice(list(w.ADULTS))
        s["adult"] = adult
        s["ahe"] = w.ADULTS[adult]
        s["toy"] = wish.get("thing") or rng.choice(w.TOYS)
        s["colour"] = rng.choice(w.COLOURS)
        s["food"] = rng.choice(w.FOODS)
        s["place"] = rng.choice(w.PLACES)
        s["hiding"], s["hiding2"] = rng.sample(w.HIDING_OUTDOORS, 2)
        s["indoors"] = rng.choice(w.HIDING_INDOORS)

    def _pronouns(self, prefix, female):
        he, him, his = ("she", "her", "her") if female else ("he", "him", "his")
        self.slots.update({prefix + "he": he, prefix + "him": him, prefix + "his": his})

    def pick(self, **choices):
        for slot, options in choices.items():
            self.slots[slot] = self.rng.choice(options)


OPENING = [
    "{Once upon a time|Long ago|One day}, there was {a trait} {kind} named {hero}. {He} lived {home}.",
    "{hero} was {a trait} {kind} who lived {home}.",
    "There {once |}was {a kind} named {hero}. {hero} was very {trait} and {liked|loved} {hobby}.",
    "Once upon a time, {a trait} {kind} named {hero} lived {home}. {He} {liked|loved} {hobby}.",
    "{hero} the {kind} lived {home}. {Every day, {he} {liked|loved} {hobby}|{He} was {trait} and {liked|loved} {hobby}}.",
]
ENDING = [
    "From that day on, {hero} and {friend} were {best |good |}friends.",
    "They {played|laughed|sang} together until the {sun went down|stars came out}.",
    "{hero} went home with a {big |}smile.", "That night, {hero} slept very well.",
    "It was the best day of the {year|summer|week}.",
    "{hero} never forgot that day.", "And they all lived happily.",
]


def lost(c):
    return [
        "{hero} had a {colour} {toy} and took it everywhere.",
        "{One morning|One day|One afternoon}, the {toy} was {gone|not there}. {hero} was {very |}sad because it was a gift from {his} {adult}.",
        "{He} looked {hiding2}, but {it was not there|there was nothing}.",
        "{friend} the {fkind} came by and asked, \"{Why are you sad|What is wrong}, {hero}?\" "
        "\"I lost my {colour} {toy},\" said {hero}.",
        "\"{Do not worry|Do not cry}. {I will help you|We will look together},\" said {friend}.",
        "They {looked|searched} {everywhere|for a long time}. {At last|Then} {friend} looked {hiding}, and there was the {toy}!",
        "\"Thank you!\" said {hero}. {He} {hugged {friend}|was so happy that {he} jumped}.",
    ], [("{What did {hero} lose|What was lost}?", "{hero} lost {his} {colour} {toy}.|{He} lost a {colour} {toy}."),
        ("Where was the {toy}?", "The {toy} was {hiding}."),
        ("Who {found the {toy}|helped {hero}}?", "{friend} the {fkind} {found it|helped}."),
        ("Why was {hero} sad?", "{hero} was sad because {he} lost {his} {toy}.")]


def high(c):
    c.pick(fruit=w.FRUITS)
    c.pick(fkind=["giraffe", "elephant", "horse", "bird", "monkey"])
    return [
        "{One day|One morning}, {hero} {was hungry|felt hungry} and saw {a fruit} in a tree.",
        "But the {fruit} was too high, and {hero} was too small. {He} jumped and jumped, but {he} could not reach it.",
        "{hero} {sat down and sighed|was sad and sat under the tree}.",
        "Then {a fkind} named {friend} came {along|by}. \"{What is wrong|Can I help you}?\" asked {friend}.",
        "\"I want the {fruit}, but it is too high,\" said {hero}.",
        "{friend} {laughed and said|smiled and said}, \"That is easy for me.\" {Fhe} {took|picked} the {fruit} and gave it to {hero}.",
        "{hero} cut the {fruit} in two and gave one half to {friend}. {It was sweet|It tasted very good}.",
    ], [("What did {hero} want?", "{hero} wanted {a fruit}.|{He} wanted {a fruit} from a tree."),
        ("Why could {hero} not {get|reach} {it|the {fruit}}?", "The {fruit} was too high for {hero}."),
        ("Who helped {hero}?", "{A fkind} named {friend} helped {hero}."),
        ("What did they do with the {fruit}?", "They shared it.")]


def fear(c):
    c.pick(fear=list(w.FEARS))
    c.slots["comfort"] = w.FEARS[c.slots["fear"]]
    return [
        "{hero} was {a good friend|good at many things}, but {he} was afraid of {fear}.",
        "{One evening|One day}, {friend} wanted to play, but {hero} {hid|stayed} {indoors}.",
        "\"Why do you hide?\" asked {friend}. \"I am afraid of {fear},\" said {hero} in a {small|quiet} voice.",
        "{friend} {took {his} hand|sat down next to {him}} and said, \"{comfort}.\"",
        "{hero} {took a deep breath|closed {his} eyes and counted to three}. Then {he} {came out|tried to be brave}.",
        "{Nothing bad happened|It was not bad at all}. {hero} {laughed|smiled}, and {he} was not afraid {any more|of {fear} any more}.",
    ], [("What was {hero} afraid of?", "{hero} was afraid of {fear}."),
        ("Who helped {hero}?", "{friend} helped {hero} to be brave."),
        ("Where did {hero} hide?", "{hero} hid {indoors}."),
        ("Was {hero} still afraid {at the end|in the end}?", "No, {he} was not afraid any more.")]


def share(c):
    return [
        "{One day|One cold morning}, {hero} had {a food} {for lunch|in {his} bag}.",
        "On the way to the {place}, {he} met {a fkind} named {friend}. {friend} looked {sad|tired and thin}.",
        "\"{What is wrong|Are you well}?\" asked {hero}. \"I am {so |very |}hungry,\" said {friend}. \"I did not eat today.\"",
        "{hero} {thought for a moment|looked at the {food}}. Then {he} gave half of it to {friend}. \"{Here, eat with me|We can share},\" {he} said.",
        "{The next day|A week later}, it {rained|snowed} {very hard|all day}, and {hero} could not find the way home.",
        "But {friend} {saw {him}|heard {him} call} and {showed {him} the way|brought {him} home}. \"You helped me, so I help you,\" said {friend}.",
    ], [("What did {hero} share?", "{hero} shared {a food}."),
        ("Why did {hero} share {it|the {food}}?", "{friend} was hungry.|Because {friend} was hungry."),
        ("How did {friend} help {hero}?", "{friend} showed {hero} the way home.")]


def broken(c):
    c.pick(broken=list(w.BROKEN))
    c.slots["cause"] = w.BROKEN[c.slots["broken"]]
    return [
        "{One day|One afternoon}, there was a loud noise in the house. The {broken} of {his} {adult} was broken because {cause}.",
        "{hero} knew that it was {his} fault, and {he} {felt bad|was very sorry}.",
        "First {he} {wanted to hide|hid} the pieces {indoors}. But {friend} said, \"{It is better to tell the truth|You must tell the truth}.\"",
        "So {hero} went to {his} {adult} and said, \"I broke the {broken}. I am sorry.\"",
        "{His} {adult} {was quiet for a moment|looked at {him}} and then said, \"Thank you for telling the truth. {We can fix it|I am not angry}.\"",
        "They {fixed|mended} the {broken} together with {glue|a little glue and much care}. {hero} felt light and happy again.",
    ], [("What {was|got} broken?", "The {broken} was broken."),
        ("Why did {it|the {broken}} break?", "It broke because {cause}."),
        ("Was {his} {adult} angry?", "No, {his} {adult} was not angry, because {hero} told the truth."),
        ("What did {hero} learn?", "{hero} learned to tell the truth.")]


def rain(c):
    c.pick(plan=["a picnic", "a long walk", "a trip to the beach", "a party in the garden"])
    c.pick(fun=["They made a tent from a sheet and told stories in it",
                "They put on boots and jumped in the puddles",
                "They baked a cake and sang songs", "They made small boats and let them float in the street",
                "They drew a big yellow sun and put it on the window"])
    return [
        "{hero} and {friend} {wanted to have|had a plan for} {plan}.",
        "But {in the morning|that day} the sky was {grey|dark}, and it began to rain.",
        "\"Now {everything is bad|the day is lost},\" said {hero} {sadly|and looked out of the window}.",
        "\"{No, it is not|Wait},\" said {friend}. \"Rain can be fun, too. I have an idea.\"",
        "{fun}. They laughed so much that they forgot the {bad |}weather.",
        "{In the evening|Later}, the rain stopped and a rainbow stood over the {place}. \"I {like|love} rain now,\" said {hero}.",
    ], [("Why was {hero} sad?", "{hero} was sad because it rained."),
        ("What did they {do|do in the rain}?", "{fun}."),
        ("What was the plan?", "They wanted {plan}.")]


def race(c):
    c.pick(prize=["a gold cup", "a big cake", "a blue ribbon", "a basket of apples"])
    return [
        "{One day|One Sunday}, there was a race in the {place}. The prize was {prize}.",
        "{hero} wanted to win, and so did {friend} the {fkind}. \"One, two, three, go!\" {called|said} the {adult}.",
        "{hero} ran {very |so }fast and was first. But then {he} heard a cry. {friend} had fallen {over a stone|into a hole}.",
        "{hero} {stopped|turned around}. \"{Are you hurt|Can you walk}?\" {he} asked. \"My {leg|foot} hurts,\" said {friend}.",
        "So {hero} helped {friend} up, and they walked to the end {together|side by side}. They were the last ones.",
        "But {everybody|the whole village} clapped, and the {adult} gave {prize} to both of them, because {being kind|to help} is better than {being fast|to win}.",
    ], [("What was the prize?", "The prize was {prize}."),
        ("Why did {hero} stop?", "{hero} stopped because {friend} fell."),
        ("Who won{ the race|}?", "{hero} and {friend} got the prize together.")]


def newcomer(c):
    return [
        "{One day|One morning}, {a fkind} named {friend} came to the {place}. {friend} was new and knew nobody.",
        "The others {played|were playing} a game and did not see {fhim}. So {friend} sat alone {hiding}.",
        "{hero} saw it and {thought, \"Nobody should be alone.\"|felt sorry for {fhim}.}",
        "{He} went to {friend} and said, \"Hello, I am {hero}. {Do you want to play with us|Would you like to play}?\"",
        "\"Yes, please!\" said {friend}. {Fhe} smiled for the first time that day.",
        "They played with {a colour} {toy}, and {friend} showed {everybody|them} a new {trick|game}. Soon {everybody|all of them} liked {friend}.",
    ], [("Who was new?", "{friend} the {fkind} was new."),
        ("Why was {friend} alone?", "{friend} was new and knew nobody."),
        ("What did {hero} {do|say}?", "{hero} asked {friend} to play.")]


def gift(c):
    return [
        "It was the birthday of {his} {adult}, and {hero} wanted to give {a colour} {toy} to {ahim}.",
        "But {hero} had no money{, not even one coin|}. {He} went to the {place} and thought {hard|for a long time}.",
        "There {he} met {friend} the {fkind}. \"{You do not need money|A gift does not need money},\" said {friend}. \"You can make something.\"",
        "So they {found|took} {some |}{wood and paint|old paper and glue|string and cloth} and worked all {day|afternoon}. {hero} {made|built} {a colour} {toy} with {his} own hands.",
        "In the evening, {he} gave it to {his} {adult}. \"{Did you make this|Is this for me}?\" asked {his} {adult}. \"It is the best gift of all!\"",
        "{hero} was {very |so }proud.",
    ], [("What did {hero} make?", "{hero} made {a colour} {toy}."),
        ("Why did {hero} make {it|a gift}?", "It was the birthday of {his} {adult}, and {hero} had no money."),
        ("Who helped {hero}?", "{friend} the {fkind} helped {hero}.")]


def baby(c):
    c.pick(parent=["cat", "dog", "duck", "hen", "bear", "horse", "cow", "goat", "sheep"])
    c.slots["baby"] = w.BABIES[c.slots["parent"]]
    return [
        "{One day|One evening}, {hero} {heard a small sound|heard somebody cry} in the {place}. {He} looked {hiding} and found a {little |tiny |}{baby}.",
        "\"{Why are you crying|What are you doing here}?\" asked {hero}. \"I {ran after a butterfly|went too far} and lost my mother,\" said the {baby}.",
        "\"{Come with me|I will help you}. We will find {her|your mother},\" said {hero}.",
        "They asked {friend} the {fkind}. \"I saw a {parent} {near the {place}|by the river},\" said {friend}. \"She was calling and calling.\"",
        "They {ran|went} there {as fast as they could|at once}. And there was the mother! The {baby} ran to {her|the {parent}}.",
        "\"Thank you, {hero},\" said the {parent}. \"You have a good heart.\"",
    ], [("What did {hero} find?", "{hero} found a {baby}."),
        ("Why was the {baby} crying?", "It lost its mother.|The {baby} lost its mother."),
        ("Who {knew|saw} where the mother was?", "{friend} the {fkind} saw the mother.")]


def skill(c):
    c.pick(skill=list(w.SKILLS))
    return [
        "{hero} wanted to {skill}, but {he} did not know how.",
        "{The first time|On Monday}, {he} tried and {failed|it went wrong}. {The second time|On Tuesday}, {he} tried again and {failed again|it was no better}.",
        "\"I will never learn it,\" said {hero} {and began to cry|sadly}.",
        "{friend} heard {him}. \"{I could not do it at first, too|Nobody can do it at once},\" said {friend}. \"{Try a little every day|You must try every day}. I will help you.\"",
        "So they {practised|tried} every {day|morning}. {One day|After a week}, {hero} could {skill}!",
        "\"Look at me!\" {called|said} {hero}. {His} {adult} was very proud, and {friend} clapped.",
    ], [("What did {hero} want to {do|learn}?", "{hero} wanted to {skill}."),
        ("How did {hero} learn it?", "{hero} tried every day, and {friend} helped."),
        ("Who helped {hero}?", "{friend} helped {hero}.")]


def noise(c):
    c.pick(noise=list(w.NOISES))
    c.slots["maker"], c.slots["why"] = w.NOISES[c.slots["noise"]]
    return [
        "One night, {hero} could not sleep. There was a strange {noise} sound.",
        "\"{Is it a monster|Who is there}?\" {he} asked, but nobody answered. {hero} was {a little |}afraid.",
        "{He} {woke {friend}|called {friend}}, and together they took a lamp and {went to the door|looked {indoors}}.",
        "\"{Look|Oh},\" said {friend}, \"it is only a {maker}!\" {why}.",
        "They {both laughed|laughed together}. {maker_end}",
        "Then {hero} went back to bed and {smiled|felt safe}.",
    ], [("What made the {noise|sound|noise}?", "It was only a {maker}."),
        ("When did {it|the story} happen?", "It happened at night.")]


def seed(c):
    c.pick(seed=w.SEEDS)
    return [
        "{One spring day|One day}, {his} {adult} gave {hero} {a small |one tiny |}seed. \"{Plant it and wait|Take good care of it},\" said {his} {adult}.",
        "{hero} put {the seed|it} in the {earth|ground} and gave it water. {The next day|In the morning} {he} looked, but {nothing was there|there was nothing}.",
        "\"It does not work,\" {he} said to {friend}. \"{You must wait|Good things need time},\" said {friend}. \"{Give it water every day|Seeds are slow}.\"",
        "So {hero} gave it water every day, and {the sun was warm|the sun helped}.",
        "{After two weeks|At last}, a {small |tiny |}green leaf came out. It grew and grew, and in {summer|the end} it was a {big|beautiful} {seed}!",
        "\"{I am glad that I waited|Waiting was hard, but good},\" said {hero}.",
    ], [("What {grew|did {hero} plant}?", "It was {a seed}.|{A seed}."),
        ("What did {hero} learn?", "{hero} learned to wait."),
        ("Who gave {hero} the seed?", "{His} {adult} gave {him} the seed.")]


def wish(c):
    c.pick(selfish=["a house of gold", "a hundred cakes", "a mountain of toys", "a crown"])
    return [
        "{One night|One day}, {hero} found a {colour} {stone|shell|coin} {hiding}. It {shone|glowed} and spoke. \"You have one wish,\" it said.",
        "{hero} thought of {selfish}. But then {he} saw {friend} the {fkind}, who was {ill|cold} and {sad|alone}.",
        "\"{What do you wish for|What will it be}?\" {it asked|asked the magic thing}. {hero} {looked at {friend}|thought for a moment} and said, \"I wish that {friend} is {well|warm} and happy.\"",
        "There was a {bright |}light, and {friend} {stood up|smiled} and {danced|laughed}.",
        "\"You did not get {selfish},\" said {friend}. \"No,\" said {hero}, \"but I {have a friend|got something better}.\"",
    ], [("What did {hero} find?", "{hero} found something magic {hiding}."),
        ("What did {hero} wish for?", "{hero} wished that {friend} was happy."),
        ("Who was {friend}?", "{friend} was {a fkind}.")]


def bridge(c):
    c.pick(goal=["the market", "the other side", "the house of {his} {adult}", "the big fair"])
    return [
        "{One day|One morning}, {hero} {wanted to go|was on the way} to {goal}. But the bridge over the river {was gone|was broken}, because there had been a storm.",
        "\"{What can I do|How can I cross the river} now?\" {thought|said} {hero}. The water was {cold|deep} and fast.",
        "{friend} the {fkind} sat {near the water|by the river} and {looked sad, too|waited}. \"I must cross it, too,\" said {friend}. \"But I am not strong enough to {move|carry} that tree.\"",
        "{hero} looked at the old tree. \"{Alone we can not do it|One is too weak}, but {together we can|two are strong},\" {he} said.",
        "They pushed and pulled, and {at last|then} the tree fell over the river. {It was a new bridge|Now there was a way}!",
        "They walked over it {one after the other|hand in hand}, and {behind them came many others|everybody in the village thanked them}.",
    ], [("What was broken?", "The bridge was broken."),
        ("Why was the bridge {broken|gone}?", "There had been a storm."),
        ("How did they cross the river?", "They made a bridge from a tree."),
        ("Who helped {hero}?", "{friend} the {fkind} helped {hero}.")]


def moon(c):
    return [
        "{One night|One evening}, {hero} looked at the moon and thought, \"The moon is {alone|so far away}. {Is it sad|Does it need a friend}?\"",
        "{He} asked {his} {adult}, \"{Can I visit the moon|How can I talk to the moon}?\" {His} {adult} {smiled|laughed} and said, \"It is too far. But the moon can see you.\"",
        "So {hero} and {friend} took {a colour} lamp and went {up the hill|to the {place}}. They {waved|sang a song} and {made the lamp bright|held up the lamp}.",
        "{After a while|Then}, {a cloud moved|the clouds went away}, and the moon {shone on them|was bright and round}.",
        "\"{It says thank you|It is smiling},\" said {friend}. \"Now it {knows|has} two friends,\" said {hero}.",
    ], [("What did {hero} look at?", "{hero} looked at the moon."),
        ("Who went with {hero}?", "{friend} went with {hero}."),
        ("What did they take {with them|}?", "They took {a colour} lamp.")]


def letter(c):
    return [
        "{One day|One morning}, a letter lay {indoors}. It said, \"{Come to the {place}|I wait for you} {hiding}. A friend.\"",
        "\"{Who wrote this|Who can it be}?\" {hero} asked {his} {adult}, but {his} {adult} {did not know|only smiled}.",
        "{hero} took {a food} and went {there|out}. {He} looked {hiding2}, but {nobody was there|there was nobody}.",
        "Then {he} looked {hiding}. There sat {friend} the {fkind} with {a colour} {toy}!",
        "\"You wrote the letter!\" said {hero}. \"Yes,\" said {friend}. \"{I was too shy to ask you|I did not dare to ask you}. {Do you want to play|Will you be my friend}?\"",
        "\"{Of course|With pleasure},\" said {hero}. They {shared the {food}|ate the {food}} and played with the {toy}.",
    ], [("Who wrote the letter?", "{friend} the {fkind} wrote the letter."),
        ("Why did {friend} write a letter?", "{friend} was too shy to ask."),
        ("Where was {friend}?", "{friend} was {hiding}."),
        ("What did they {eat|share}?", "They shared {a food}.")]


PLOTS = [lost, high, fear, share, broken, rain, race, newcomer, gift, baby, skill, noise, seed, wish,
         bridge, moon, letter]
WITH_TOY = [lost, newcomer, gift, letter]


def story(rng, wish=None, plot=None):
    """One story. wish may fix "name", "animal" and "thing"; plot one of PLOTS."""
    c = Cast(rng, wish)
    plot = plot or rng.choice(WITH_TOY if wish and "thing" in wish else PLOTS)
    s = c.slots
    s["ahim"] = {"he": "him", "she": "her"}[s["ahe"]]
    sentences, questions = plot(c)
    if plot is noise:
        branch = s["maker"] == "branch"
        s["maker_end"] = "" if branch else "They {gave it water and a soft bed|helped it} and it was quiet."
    text = [rng.choice(OPENING)] + sentences
    if rng.random() < 0.6:
        text.append(rng.choice(ENDING))
    general = [
        ("{Who was {the story|it} about|Who is the hero}?", "{It was about|The story was about} {hero} the {kind}."),
        ("What was the name of the {kind}?", "{His} name was {hero}.|The {kind} was named {hero}."),
        ("Where did {hero} live?", "{hero} lived {home}.") if "lived" in text[0] else
        ("What was {hero} like?", "{hero} was {trait}.") if "{trait}" in text[0] else
        ("Who was {friend}?", "{friend} was a friend of {hero}."),
    ]
    s = dict(s)
    told = spin(rng, " ".join(text), s)
    return Story(told, s, questions + general)
