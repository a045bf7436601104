"""The words the demo corpus is made of: plain lists, no code."""

GIRLS = "Anna Lily Mia Rosa Sara Nina Ella Lucy Molly Zoe Ruby Emma Lena Kate Ivy Maya".split()
BOYS = "Tom Ben Max Sam Leo Jack Finn Noah Adam Oscar Peter Theo Luke Hugo Tim Omar".split()

# Heroes other than children (animals for the most part), each with the place where it lives.
HERO_ANIMALS = {
    "fox": "in a warm den in the forest", "bear": "in a cave near the river",
    "rabbit": "under an old oak tree", "mouse": "in a hole behind the kitchen wall",
    "duck": "by a quiet pond", "frog": "on a lily pad in the pond",
    "cat": "in a house with a blue door", "dog": "on a farm at the end of the road",
    "owl": "in a hollow tree", "hedgehog": "under a pile of dry leaves",
    "squirrel": "high up in a pine tree", "turtle": "beside a slow river",
    "pig": "on a sunny farm", "elephant": "near a wide lake",
    "lion": "on a dry and sunny plain", "penguin": "on the cold white ice",
    "bird": "in a small round nest", "horse": "in a big red barn",
    "dragon": "on top of a tall mountain", "robot": "in a shop full of clocks",
    "cow": "on a wide green field", "wolf": "in a dark forest", "monkey": "in the jungle",
    "giraffe": "near a group of tall trees", "sheep": "on a hill above the village",
    "snail": "behind a flower pot", "goat": "on a steep mountain", "hen": "behind the barn",
    "whale": "in the deep blue sea", "bee": "in a hive full of honey",
    "wizard": "in a high stone tower", "pirate": "on a small old ship",
    "baker": "above the bakery", "farmer": "on a farm with many cows",
}
CHILD_HOMES = [
    "in a small house by the sea", "at the edge of the forest", "on a green hill",
    "in a little town", "near the river", "in a tall house in the city",
    "on a farm", "in a village between two hills", "next to a bakery",
]
TRAITS = "little kind brave shy curious clever cheerful young funny quiet happy gentle".split()
HOBBIES = [
    "to sing", "to play outside", "to draw pictures", "to read books", "to run in the grass",
    "to look at the stars", "to help others", "to climb trees", "to ask questions",
    "to swim in the lake", "to bake bread", "to dance in the rain", "to collect stones",
    "to tell jokes", "to watch the clouds",
]
COLOURS = "red blue green yellow white brown orange purple pink black".split()
TOYS = "ball kite drum doll boat train book hat scarf bell car cup key map ring lamp".split()
FOODS = ["apple", "cake", "cookie", "pear", "piece of bread", "sandwich", "bowl of soup",
         "pie", "orange", "carrot", "piece of cheese", "banana"]
FRUITS = "apple pear plum peach orange cherry".split()
PLACES = ["garden", "park", "forest", "school yard", "market", "beach", "field", "village",
          "river bank", "meadow"]
HIDING_OUTDOORS = ["in the tall grass", "under a bush", "behind a big rock", "beside the pond",
                   "in the old tree", "behind the barn", "under a bench", "near the old well"]
HIDING_INDOORS = ["under the bed", "behind the door", "in a box", "under the table",
                  "under the stairs", "behind the sofa"]
ADULTS = {"mother": "she", "father": "he", "grandmother": "she", "grandfather": "he",
          "teacher": "she", "uncle": "he", "aunt": "she"}
FEARS = {
    "the dark": "The dark is only the day asleep",
    "thunder": "Thunder is only a big noise, and noise can not hurt you",
    "deep water": "The water will hold you if you stay calm",
    "big dogs": "Most big dogs only want a friend",
    "high places": "Hold my hand and look at the sky, not at the ground",
    "the wind": "The wind is only air that likes to run",
}
SKILLS = {
    "swim": "water", "ride a bike": "bike", "sing": "song", "skate": "ice", "whistle": "tune",
    "fly a kite": "kite", "juggle": "ball", "dance": "music", "read": "book", "climb": "rope",
}
NOISES = {
    "scratching": ("kitten", "It was cold outside and the door was shut"),
    "tapping": ("branch", "The wind was pushing it against the window"),
    "crying": ("puppy", "It had lost its way in the rain"),
    "humming": ("bee", "It could not find the open window"),
    "squeaking": ("mouse", "It was looking for a piece of cheese"),
    "hooting": ("baby owl", "It had fallen out of its nest"),
}
SEEDS = ["sunflower", "rose", "pumpkin", "bean", "tulip", "apple tree", "carrot", "daisy"]
BABIES = {"cat": "kitten", "dog": "puppy", "cow": "calf", "horse": "foal", "sheep": "lamb",
          "duck": "duckling", "hen": "chick", "bear": "cub", "lion": "cub", "frog": "tadpole",
          "goat": "kid", "pig": "piglet", "owl": "owlet", "goose": "gosling", "kangaroo": "joey"}
BROKEN = {"cup": "a ball hit it", "lamp": "a cat jumped on it", "window": "a stone flew at it",
          "plate": "it slipped from wet hands", "vase": "somebody ran too fast",
          "clock": "it fell off the wall", "jar": "the shelf was too high"}

# ---- facts -------------------------------------------------------------------------------
THING_COLOURS = {
    "the sky": "blue", "grass": "green", "snow": "white", "the sun": "yellow", "blood": "red",
    "a banana": "yellow", "a lemon": "yellow", "a carrot": "orange", "coal": "black",
    "milk": "white", "a strawberry": "red", "a tomato": "red", "chocolate": "brown",
    "the sea": "blue", "a leaf": "green", "a frog": "green", "a pig": "pink",
    "an elephant": "grey", "the night": "black", "a pumpkin": "orange", "a cloud": "white",
    "a fire truck": "red", "a crow": "black", "a polar bear": "white", "a plum": "purple",
    "a flamingo": "pink", "wood": "brown", "a cucumber": "green", "salt": "white",
}
MIXES = {("red", "yellow"): "orange", ("blue", "yellow"): "green", ("red", "blue"): "purple",
         ("red", "white"): "pink", ("black", "white"): "grey"}
# animal: sound, legs, food, home
ANIMALS = {
    "cat": ("meow", 4, "fish and meat", "in a house"),
    "dog": ("woof", 4, "meat and bones", "in a house"),
    "cow": ("moo", 4, "grass", "on a farm"),
    "horse": ("neigh", 4, "grass and hay", "on a farm"),
    "sheep": ("baa", 4, "grass", "on a farm"),
    "pig": ("oink", 4, "almost everything", "on a farm"),
    "duck": ("quack", 2, "plants and small bugs", "by a pond"),
    "hen": ("cluck", 2, "seeds and worms", "on a farm"),
    "owl": ("hoot", 2, "mice", "in a hollow tree"),
    "frog": ("croak", 4, "flies", "in a pond"),
    "lion": ("roar", 4, "meat", "in Africa"),
    "bear": ("growl", 4, "fish, berries and honey", "in the forest"),
    "mouse": ("squeak", 4, "seeds and cheese", "in a small hole"),
    "bee": ("buzz", 6, "nectar from flowers", "in a hive"),
    "snake": ("hiss", 0, "mice and eggs", "in the grass"),
    "wolf": ("howl", 4, "meat", "in the forest"),
    "donkey": ("hee-haw", 4, "grass and hay", "on a farm"),
    "goat": ("bleat", 4, "grass and leaves", "on a farm"),
    "crow": ("caw", 2, "seeds and bugs", "in a tree"),
    "elephant": ("trumpet", 4, "leaves and grass", "in Africa and Asia"),
    "rabbit": (None, 4, "carrots and grass", "in a burrow"),
    "fish": (None, 0, "plants and small animals", "in the water"),
    "spider": (None, 8, "flies", "in a web"),
    "ant": (None, 6, "seeds and sugar", "in a nest under the ground"),
    "penguin": (None, 2, "fish", "on the cold ice"),
    "monkey": (None, 4, "fruit", "in the jungle"),
    "giraffe": (None, 4, "leaves from tall trees", "in Africa"),
    "camel": (None, 4, "dry plants", "in the desert"),
    "fox": (None, 4, "mice and berries", "in a den"),
    "squirrel": (None, 4, "nuts", "in a tree"),
    "kangaroo": (None, 4, "grass", "in Australia"),
    "whale": (None, 0, "fish and tiny sea animals", "in the sea"),
}
OPPOSITES = [tuple(p.split("-")) for p in (
    "hot-cold big-small up-down day-night happy-sad fast-slow open-closed black-white in-out "
    "tall-short old-young wet-dry full-empty light-dark hard-soft left-right good-bad "
    "loud-quiet early-late clean-dirty rich-poor strong-weak high-low long-short thick-thin "
    "near-far first-last push-pull yes-no begin-end win-lose buy-sell laugh-cry true-false "
    "easy-difficult heavy-light summer-winter love-hate come-go give-take ask-answer "
    "asleep-awake above-below before-after north-south east-west brave-afraid sweet-sour "
    "always-never").split()]
CAPITALS = {"France": "Paris", "Germany": "Berlin", "Italy": "Rome", "Spain": "Madrid",
            "England": "London", "Japan": "Tokyo", "China": "Beijing", "Russia": "Moscow",
            "Egypt": "Cairo", "Greece": "Athens", "Norway": "Oslo", "Poland": "Warsaw",
            "Canada": "Ottawa", "India": "New Delhi", "Portugal": "Lisbon", "Kenya": "Nairobi",
            "Austria": "Vienna", "Ireland": "Dublin", "Peru": "Lima", "Sweden": "Stockholm"}
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = ("January February March April May June July August September October November "
          "December").split()
NUMBERS = ("zero one two three four five six seven eight nine ten eleven twelve thirteen "
           "fourteen fifteen sixteen seventeen eighteen nineteen twenty").split()
DEFINITIONS = {
    "dog": "an animal that barks and likes to play with people",
    "cat": "a soft animal that says meow and catches mice",
    "bird": "an animal with wings and feathers", "fish": "an animal that lives in the water",
    "tree": "a tall plant with a trunk, branches and leaves",
    "flower": "the colourful part of a plant", "river": "a long stream of water that runs to the sea",
    "mountain": "a very high hill", "house": "a building where people live",
    "school": "a place where children learn", "book": "many pages with words or pictures",
    "teacher": "a person who helps others learn", "doctor": "a person who helps sick people",
    "baker": "a person who makes bread", "farmer": "a person who grows food",
    "friend": "somebody who likes you and helps you", "clock": "a thing that shows the time",
    "bed": "a place to sleep", "chair": "a thing to sit on", "table": "a flat thing on four legs",
    "kitchen": "a room where people cook", "garden": "a place where plants grow",
    "star": "a far away sun that shines at night", "cloud": "many tiny drops of water in the sky",
    "boat": "a thing that floats and carries people over water",
    "train": "a row of wagons that runs on rails", "computer": "a machine that follows instructions",
    "disk": "a thing that keeps data when the power is off",
    "file": "a named piece of data on a disk", "robot": "a machine that can move and do work",
    "bridge": "a road over water", "island": "land with water all around it",
    "forest": "a place with many trees", "desert": "a dry place with much sand",
    "song": "words with music", "story": "a tale about somebody who wants something",
    "model": "a lot of numbers that guess the next word", "number": "a word or sign for how many",
}
USES = {"spoon": "eat soup", "knife": "cut bread", "pen": "write", "key": "open a door",
        "umbrella": "stay dry in the rain", "hammer": "hit nails", "cup": "drink tea",
        "bed": "sleep", "broom": "sweep the floor", "lamp": "make light", "soap": "wash our hands",
        "bag": "carry things", "coat": "keep warm", "clock": "tell the time", "oven": "bake bread",
        "scissors": "cut paper", "towel": "dry our hands", "phone": "talk to people far away"}
RHYMES = [p.split("-") for p in ("cat-hat-mat dog-frog-log sun-fun-run tree-bee-sea "
          "car-star-far moon-spoon-soon boat-goat-coat cake-lake-snake ball-wall-tall "
          "fish-dish-wish king-ring-sing rain-train-plain night-light-right bed-red-head "
          "box-fox-socks").split()]
FAVOURITES = {"colour": "green", "food": "a warm byte", "animal": "the turtle", "number": "seven",
              "day": "Sunday", "book": "the book of words", "season": "spring", "song": "the hum of a disk",
              "game": "guessing the next word"}
UNKNOWN_TOPICS = (
    "the president,the weather today,the stock market,quantum physics,a black hole,the news,"
    "football scores,the law,medicine,chemistry,a volcano,Mars,politics,philosophy,an atom,"
    "the war,money,taxes,a bank,electricity,gravity,a dinosaur,history,Shakespeare,Einstein,"
    "the internet,a rocket,DNA,algebra,the moon landing,democracy,an engine,evolution,Bitcoin,"
    "a movie star,Linux,Python,a compiler,calculus,the future,the price of gold,"
    "opera,Mozart,Napoleon,a virus,the ocean floor,a laser,tennis,chess").split(",")
SAYABLE = ("hello,good morning,cheese,banana,I am happy,please,thank you,the cat sleeps,one two three,"
           "I love books,good night,the moon is bright,yes,no,water,happy birthday,my friend,"
           "the dog runs,red ball,green apple").split(",")
