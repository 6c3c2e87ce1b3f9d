"""Templates of the textbook: what a book says of diseases, locations and operations at large."""

SENTENCES = (
    "{diagnosis!} is een [chronische|zeldzame|bekende] ziekte die vooral {location!} aantast.",
    "Bij {diagnosis!} [ziet men|vindt men] vaak {extent!} en soms {perianal!}.",
    "[Een {behaviour!} verloop|Een {behaviour!} beeld] wijst eerder op {diagnosis!} dan op "
    "{diagnosis!}.",
    "{surgery!} is een ingreep waarbij {location!} [wordt weggenomen|wordt hersteld].",
    "Na {surgery!} [keert|komt] {diagnosis!} [soms|zelden|vaak] terug in {location!}.",
    "{perianal!} hoort bij de anale vormen van {diagnosis!} en wordt [gedraineerd|behandeld met "
    "{medication!}].",
    "De ziekte is {behaviour!} wanneer {location!} [vernauwt|doorbreekt|verlittekent].",
    "Men noemt de uitbreiding {extent!} wanneer {location!} [gespaard blijft|is aangetast].",
    "{medication!} is de [eerste|tweede] keuze bij {diagnosis!} met {extent!}.",
    "De afkorting {abbreviation!} staat voor een ziekte van de darm, en in het bloed voor een "
    "waarde.",
    "{analyte!} stijgt bij {diagnosis!} en daalt onder {medication!}.",
    "[Letsels|Ulcera] in {location!} en {location!} passen bij {diagnosis!}.",
)
