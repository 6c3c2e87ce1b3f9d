"""Templates of the Dutch IBD notes' sentences, by the mechanism they serve.

`phrases.fill` says what [a|b] and {slot} mean.
"""

TYPES = (
    "Diagnosis",
    "Diagnosis_date",
    "Body_weight",
    "Length",
    "Previous_surgery",
    "Disease_location",
    "Disease_behaviour",
    "Disease_extent",
    "Perianal_disease",
)

# Sections in the order of a note, and how doctors name each: the last name is not in training
HEADINGS = {
    "Anamnese": ("Anamnese", "Huidige klachten", "Verhaal"),
    "Voorgeschiedenis": ("Voorgeschiedenis", "Antecedenten", "Medisch verleden"),
    "Familieanamnese": ("Familieanamnese", "Familiale antecedenten", "Verwanten"),
    "Klinisch onderzoek": ("Klinisch onderzoek", "Lichamelijk onderzoek", "Onderzoek"),
    "Laboratorium": ("Laboratorium", "Labo", "Bloedname"),
    "Endoscopie": ("Endoscopie", "Coloscopie", "Kijkonderzoek"),
    "Conclusie": ("Conclusie", "Besluit", "Samenvatting"),
    "Beleid": ("Beleid", "Plan", "Voorstel"),
}

# Sentences without entities, of Anamnese, Klinisch onderzoek and Beleid

FILLERS = (
    "[Patiënt|Mevrouw|Meneer] [kwam|verscheen] op de raadpleging van Dr {name} [in {name}|samen "
    "met de partner|op {date!}] en [had geen vragen|voelt zich goed|was vermoeid].",
    "[Eetlust|Slaap|Energie] [goed|wisselend|matig], [geen koorts|geen nachtzweten|soms "
    "misselijk], [ontlasting {n} keer per week|werkt in {name}|stopte met roken in {date!}].",
    "[Sinds|In] {date!} [neemt zij|neemt hij|neemt patiënt] {medication!}, [met goed "
    "gevolg|zonder last|volgens het schema van Dr {name}].",
    "Bloeddruk {n} over {n}, [pols regelmatig|buik soepel|longen zuiver], [volgens "
    "verpleegkundige {name}|zoals op {date!}|geen oedemen].",
    "[Geen tekens van|Geen argument voor] {diagnosis!} of {perianal!}, [zoals besproken met Dr "
    "{name}|ook niet in {date!}].",
    "[Verloor|Won] in {date!} {weight!} [tijdens het vasten|na de reis naar {name}|door de "
    "griep], [nu hersteld|niet meer gewogen].",
    "[Controle|Nieuwe afspraak] bij Dr {name} [over {n} weken|in {date!}], [bloedname vooraf|met "
    "een brief aan de huisarts|telefonisch].",
    "De [diëtist|verpleegkundige|apotheker] {name} [gaf uitleg over|besprak] {medication!} "
    "[en vezels|en beweging|en vaccins] [in {date!}|met de familie].",
    "[De zoon|De dochter|De partner] meet {length!} en weegt {weight!}, [volgens Dr "
    "{name}|ter vergelijking genoteerd].",
)
LABORATORY = (
    "{analyte!} {n}, {analyte!} {n}, [beide als voorheen|geen van beide afwijkend|bepaald in "
    "{date!}].",
    "{analyte!} [steeg|daalde] naar {n} [sinds {date!}|na {medication!}|zonder klachten].",
)
FOLLOW_UP = "[Controle|Nieuwe afspraak] [over {n} weken|in {date!}] [bij Dr {name}|in {name}]."

# Entities by wording alone: type -> (section, template)

TELLING = {
    "Diagnosis": (
        (
            "Anamnese",
            "[Patiënt|Mevrouw|Meneer] [is bekend met|wordt gevolgd wegens|lijdt aan] "
            "{diagnosis}, [onder {medication!}|gezien door Dr {name}|tot nu rustig].",
        ),
        ("Conclusie", "[Opstoot|Remissie|Heropflakkering] van {diagnosis} [onder {medication!}|]."),
        (
            "Conclusie",
            "[Gekende|Bewezen] {diagnosis}, [stabiel|matig actief|rustig] onder {medication!}.",
        ),
    ),
    "Diagnosis_date": (
        (
            "Voorgeschiedenis",
            "{diagnosis}, [diagnose in|debuut in|vastgesteld in] {date}, [te {name}|bij Dr "
            "{name}|zonder {medication!}].",
        ),
        (
            "Anamnese",
            "De diagnose [werd gesteld|viel] in {date}, [kort na een reis|bij Dr {name}].",
        ),
        ("Conclusie", "{diagnosis} sinds {date}, [nu rustig|actief|onder {medication!}]."),
    ),
    "Body_weight": (
        ("Klinisch onderzoek", "[Gewicht|Weegt|Huidig gewicht] {weight}[, lengte {length}|]."),
        (
            "Klinisch onderzoek",
            "[Patiënt|Mevrouw|Meneer] weegt {weight} [op de weegschaal van {name}|zonder "
            "schoenen], [vorige keer was dat {weight}|stabiel].",
        ),
        ("Anamnese", "[Het gewicht is|Thuis woog zij|Thuis woog hij] {weight}, [stabiel|goed]."),
    ),
    "Length": (
        ("Klinisch onderzoek", "[Lengte|Grootte] {length}[, gewicht {weight}| volgens {name}|]."),
        ("Klinisch onderzoek", "[Meet|Is] {length} [groot|lang], [weegt {weight}|zoals vroeger]."),
    ),
    "Disease_extent": (
        ("Endoscopie", "[Uitbreiding|Uitgebreidheid]: {extent}, [ernst {n}|gezien door {name}]."),
        ("Conclusie", "[{diagnosis} met|Aantasting met] {extent}, [onder {medication!}|rustig]."),
    ),
    "Disease_location": (
        ("Endoscopie", "[Ulcera|Erosies|Roodheid] ter hoogte van {location}, [graad {n}|mild]."),
        ("Conclusie", "{diagnosis} [ter hoogte van|gelegen in] {location}, [rustig|actief]."),
    ),
    "Previous_surgery": (
        ("Voorgeschiedenis", "[Onderging|Had] {surgery} in {date!} [te {name}|door Dr {name}]."),
        ("Anamnese", "[Status na|Na] {surgery} [in {date!}|te {name}] [geen hinder|minder pijn]."),
    ),
    "Disease_behaviour": (
        ("Conclusie", "{diagnosis} met {behaviour} [verloop|karakter|gedrag]."),
        ("Endoscopie", "[Gedrag|Fenotype]: {behaviour}, [foto {n}|volgens Dr {name}]."),
    ),
    "Perianal_disease": (
        ("Klinisch onderzoek", "[Anale streek|Perineum]: {perianal}, [drainerend|rustig]."),
        ("Anamnese", "[Last van|Opnieuw] {perianal} [sinds een week|zoals in {date!}]."),
    ),
}
# sentences of each type in a note: (mean when types are unbalanced, when they are not)
OFTEN = {
    "Diagnosis": (2.4, 0.4),
    "Diagnosis_date": (2.2, 1.2),
    "Body_weight": (2.4, 1.4),
    "Length": (2.0, 1.4),
    "Disease_extent": (1.4, 1.2),
    "Disease_location": (0.3, 0.6),
    "Previous_surgery": (0.2, 1.0),
    "Disease_behaviour": (0.45, 2.0),
    "Perianal_disease": (0.45, 2.6),
}

# Section decides: (section where it is an entity, where it is none, type, lexicon, template, cues
# while off); {cue} is empty while the section decides, else it says what the section would

SECTION = (
    (
        "Voorgeschiedenis",
        "Familieanamnese",
        "Diagnosis",
        "diagnosis",
        "[Gekend met|Bekend met|Behandeld voor] {target}{cue}, [onder {medication!}|gevolgd door "
        "Dr {name}|al jaren].",
        (" bij patiënt", " bij een verwant"),
    ),
    (
        "Voorgeschiedenis",
        "Beleid",
        "Previous_surgery",
        "surgery",
        "{target}{cue} [door Dr {name}|te {name}], [verslag in bijlage|dagopname|zonder stoma].",
        (" destijds", " gepland"),
    ),
    (
        "Endoscopie",
        "Familieanamnese",
        "Disease_location",
        "location",
        "[Aantasting|Ontsteking] van {target}{cue}, [beschreven door Dr {name}|biopsie "
        "genomen|foto {n}].",
        (" bij patiënt", " bij een verwant"),
    ),
    (
        "Conclusie",
        "Familieanamnese",
        "Disease_behaviour",
        "behaviour",
        "[Beeld|Ziekte] was {target}{cue}, [volgens Dr {name}|onder {medication!}|te {name}].",
        (" bij patiënt", " bij een verwant"),
    ),
)
ABBREVIATION = (
    "Conclusie",
    "Laboratorium",
    "Diagnosis",
    "abbreviation",
    "{target}{cue}, [licht gestegen|stabiel|onveranderd|verbeterd] [sinds vorige controle|onder "
    "{medication!}|volgens Dr {name}].",
    (" als ziekte", " in het bloed"),
)

# Previous sentence decides: Diagnosis_date ("date") or nothing ("none")

CUES = {
    "date": "[De ziekte|De aandoening] werd toen [vastgesteld|ontdekt|bewezen].",
    "none": "[Een verhuizing|Een zwangerschap|Een verre reis] [kwam ter sprake|werd besproken].",
}
NEIGHBOUR = (
    "Dat was [in|rond] {target}{cue}, [volgens Dr {name}|in {name}|zegt de partner].",
    "[Dr {name}|De partner|De huisarts] [noteerde|noemde] {target}{cue} [als moment|in de brief].",
)
NEIGHBOUR_INSIDE = {"date": " voor de diagnose", "none": " voor iets anders"}

# Conjunctions: two locations, or two adjectives and one

CONJOINED = (
    "{left} en {right}",
    "[terminale|distale|proximale] en [linker|rechter|centrale] {location!}",
)
CONJUNCTION = (
    (
        "Endoscopie",
        "[Letsels|Ulcera|Littekens] in {expression}, [geen stenose|foto {n}|mild].",
    ),
    ("Conclusie", "[Actieve ziekte|Rustige ziekte] in {expression} [onder {medication!}|]."),
)
ONE_LOCATION = "colon"

# Boundaries that need transitions: type -> (expression of many words, word in its place while off)

EXPRESSIONS = {
    "Disease_extent": (
        "{extent!} [tot|over] {n} cm van [het|de] {location!}",
        "proctitis",
    ),
    "Previous_surgery": (
        "[resectie|verwijdering|herstel] van {location!} [en|met] {surgery!}",
        "appendectomie",
    ),
}
BOUNDARY = {
    "Disease_extent": (
        ("Endoscopie", "[Beeld van|Er is] {expression}, [graad {n}|biopsie genomen|matig]."),
        ("Conclusie", "[Ziekte met|Gekend met] {expression}, [onder {medication!}|rustig]."),
    ),
    "Previous_surgery": (
        ("Voorgeschiedenis", "[Onderging|Had] {expression} [in {date!}|te {name}]."),
        ("Anamnese", "[Status na|Na] {expression} [in {date!}|te {name}] [nog pijn|beter]."),
    ),
}

# Clauses without entities that may stand in place of a full stop
TAILS = (
    ", [zoals|en dit werd] besproken met [Dr {name}|de huisarts] [in {date!}|te {name}].",
    ", [verslag|brief] van Dr {name} [van {date!}|volgt|in het dossier].",
    ", [terwijl|waarbij] {analyte!} [tussen {n} en {n}|op {n}] bleef [te {name}|onder "
    "{medication!}].",
)
