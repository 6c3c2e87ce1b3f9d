"""Templates of the medication letters' sentences, by the mechanism they serve.

`phrases.fill` says what [a|b] and {slot} mean.
"""

TYPES = (
    "ADE",
    "Dosage",
    "Drug",
    "Duration",
    "Form",
    "Frequency",
    "Reason",
    "Route",
    "Strength",
)

# Sentences without entities

FILLERS = (
    "[The patient|She|He|The lady|The gentleman] was seen by Dr {name} [in clinic|on "
    "the ward|in the {name} unit] and [went home|returned home|was discharged] [the "
    "next day|after {duration!}|in good condition|the same evening].",
    "[Blood pressure|Heart rate|Body temperature|Oxygen uptake] was [steady|taken|"
    "recorded] {frequency!} and [remained|stayed] [unchanged|within limits|as "
    "expected] [until discharge|throughout the stay|on the ward].",
    "A scan of the {name} region [was unremarkable|showed no change|was repeated after "
    "{duration!}|could not be obtained], and [no further imaging|a repeat in {duration!}|a "
    "visit to Dr {name}] was [planned|advised|thought useful].",
    "[She|He|The patient] lives [alone|with family|in {name}], works as a [driver|"
    "teacher|cook|clerk] [in {name}|near {name}] and walks {n} miles [a day|a week|"
    "without help].",
    "[There was no evidence of|Tests showed no sign of|We found nothing to suggest] "
    "{reason!}, and [the examination|the review by Dr {name}|the course on the ward] "
    "was [otherwise normal|uneventful|reassuring].",
    "[The dietician|The nurse|The social worker|Dr {name}] [called|visited|spoke with] "
    "[the family|the patient] [for {duration!}|twice|after {duration!}] and [left advice in "
    "writing|gave a leaflet|answered all questions].",
    "The {analyte!} was {n} and the {analyte!} {n}, [both as before|neither of note|"
    "compared with {n} last year|taken before breakfast].",
    "[Screening for|The search for|Work-up for] {ade!} or {reason!} [was negative|had no "
    "result|was left to the general practice], as [discussed|agreed] with Dr {name}.",
    "[She|He|The patient] [slept well|ate a full diet|walked the corridor|climbed the "
    "stairs] [for {duration!}|on day {n}|after {duration!}] [without help|with the "
    "physiotherapist|with Nurse {name}].",
    "A [letter|copy|summary] was sent to Dr {name} in {name}, who will [see the "
    "patient|arrange a review|take blood] in {duration!}.",
)

FOLLOW_UP = (
    "[Please see|Kindly review] [the patient|her|him] in {duration!} [in the {name} "
    "clinic|with Dr {name}]."
)

# Entities by wording alone

NARRATIVE = (
    "[Treatment with|A course of|Therapy with] {drug} [was started|was begun|was resumed] "
    "for {reason}, [and the response was good|with benefit|as advised by Dr {name}].",
    "[She|He|The patient] [was given|received|took] {drug} {strength} by {route}, to be taken "
    "{frequency}, [and tolerated it well|on the ward|while under observation].",
    "[She|He|The patient] [remained on|continued with|was kept on] {drug} [as before|"
    "without change|on the advice of Dr {name}] and the {analyte!} was {n}.",
    "{drug} was [stopped|paused|reduced] [on day {n}|by Dr {name}|without delay] and "
    "{drug} [was put in its place|was preferred|replaced it].",
    "[The dose of|The amount of] {drug} was [raised|lowered|set] to {strength}, to be taken "
    "{frequency}, [after review|with Dr {name}|as the {analyte!} was {n}].",
    "The patient was [changed from|moved from] {drug} as {form} to {drug} as {form} [because "
    "of {reason}|as supplies ran out|on the ward].",
    "{drug} was [given|used] by {route} [in view of {reason}|on the {name} ward|at once], "
    "then as {form}.",
)

RARE = {
    "ADE": (
        "[She|He|The patient] developed {ade} [after|on|while taking] {drug}, [which was "
        "stopped|which was withdrawn|seen by Dr {name}].",
        "{drug} [caused|led to|brought on] {ade} [in the past|last year|on day {n}], "
        "[and is to be avoided|so that it was stopped].",
    ),
    "Duration": (
        "[She|He|The patient] is to [take|continue|finish] {drug} for {duration}, [then "
        "stop|then see Dr {name}|and no longer].",
        "{drug}, to be taken {frequency}, was [prescribed|ordered] for {duration} "
        "[in the clinic|by Dr {name}|at discharge].",
    ),
}

# one line of a medication list: (share when types are unbalanced, share when not, piece)
LINE = (
    (0.80, 0.70, " {strength}"),
    (0.60, 0.70, " as {form}"),
    (0.40, 0.70, ", {dosage} each time"),
    (0.60, 0.70, ", by {route}"),
    (0.75, 0.70, ", to be taken {frequency}"),
    (0.05, 0.70, ", for {duration}"),
    (0.20, 0.30, ", against {reason}"),
    (0.02, 0.60, ", with {ade} as a known harm"),
)

# What may follow a sentence of the above, in place of its full stop
TAILS = (
    ", as [Dr {name}|the pharmacist|Nurse {name}] had [advised|written|suggested] in the "
    "[letter|note] of [last month|last year|day {n}].",
    ", [and this was explained to|which was agreed with|and a leaflet was given to] the "
    "[family|patient|daughter|son] [on the ward|in the {name} clinic|before discharge].",
    ", [while|although] the {analyte!} [was|stayed] between {n} and {n} [throughout|"
    "for {duration!}|on the {name} ward].",
    ", and the notes of the {name} [unit|hospital|practice] [say the same|were read "
    "again|are enclosed].",
)

# Section decides

# (section where it is an entity, where it is none, type, lexicon, template, cues while off);
# {cue} is empty while the section decides, else it says in the sentence what the section would
SECTION = (
    (
        "Past medical history",
        "Family history",
        "Reason",
        "reason",
        "[Known|Established|Long standing] {target}{cue}, [first noted in|since|on "
        "record from] {year}[, under review by Dr {name}|, without change|].",
        (" in the patient", " in a relative"),
    ),
    (
        "Discharge medications",
        "Laboratory data",
        "Drug",
        "abbreviation",
        "{target} {n}{cue} [in the morning|in the evening|at noon|before breakfast], [as "
        "before|unchanged|higher than last month|checked by Dr {name}].",
        (" of the medicine", " from the sample"),
    ),
)

# Previous sentence decides

CUES = {
    "Reason": (
        "[That day|That week|On the ward] "
        "[a new|another] [treatment|medicine] was [needed|wanted].",
    ),
    "ADE": (
        "[That day|That week|On the ward] "
        "[a new|another] [treatment|medicine] was [harmful|toxic].",
    ),
}
NEIGHBOUR = (
    "{target}{cue} was [noted|recorded|seen] [by Dr {name}|on the ward|in the notes|at night].",
    "[Dr {name}|The nurse|The family] [noted|described|recorded] {target}{cue} [on the "
    "ward|at night|that day].",
)
NEIGHBOUR_INSIDE = {"Reason": " to be treated", "ADE": " from the medicine"}

# Boundaries that need transitions

# by type: the expression of several words, and the word in its place while the mechanism is off
EXPRESSIONS = {
    "Dosage": ("{n} {unit!} [and|or|with] {n} {unit!}", "spoons"),
    "Form": ("{form!} [and|or|with] {form!}", "tablets"),
}
BOUNDARY = {
    "Dosage": (
        "[Take|Use] {expression} {frequency}, [with food|with water|as shown by Nurse {name}].",
        "[She|He|The patient] [takes|is given] {expression} of {drug} [as before|on the "
        "ward|at home].",
    ),
    "Form": (
        "{drug} {strength} [came|is supplied|was sent] as {expression} [from the "
        "pharmacy|this month|by Dr {name}].",
        "[The pharmacy|Nurse {name}] [gave|sent|kept] {expression} of {drug} [in stock|"
        "for the weekend|at home].",
    ),
}
