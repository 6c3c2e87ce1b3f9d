"""Templates of the Chinese records' sentences, by the section they stand in.

`phrases.fill` says what [a|b] and {slot} mean. Slots beyond the lexicons, which `chinese_writer`
fills: {n}, {year}, {name}; {condition} and {code}, whose label the section decides, with {whose}
and {means}, which say it in the sentence while that mechanism is off; {regions}, joined body parts.
"""

TYPES = ("Disease", "Imaging", "Laboratory", "Operation", "Drug", "Anatomy")
RARE = ("Imaging", "Operation")

COMPLAINT, PRESENT, PAST, FAMILY = "主诉", "现病史", "既往史", "家族史"
EXAMINATION, TESTS, PICTURES = "体格检查", "实验室检查", "影像检查"
SURGERY, COURSE, ORDERS = "手术记录", "诊疗经过", "出院医嘱"
ORDER = (
    COMPLAINT,
    PRESENT,
    PAST,
    FAMILY,
    EXAMINATION,
    TESTS,
    PICTURES,
    SURGERY,
    COURSE,
    ORDERS,
)

# section -> (least, most, share of records that have it)
SIZES = {
    COMPLAINT: (1, 1, 1.0),
    PRESENT: (1, 3, 1.0),
    PAST: (1, 2, 0.7),
    FAMILY: (1, 2, 0.6),
    EXAMINATION: (1, 3, 0.9),
    TESTS: (1, 2, 0.6),
    COURSE: (1, 2, 0.8),
    ORDERS: (1, 1, 0.5),
}

_CONDITION = (
    "{whose}曾患{condition}，[{year}年确诊|{year}年发现|起病于{year}年]，[后未再查|目前平稳|详情不清]。",
    "[自述|据诉|家人称]{whose}有{condition}[多年|{n}年|二十余年]，[曾间断就诊|未予重视|由{name}随诊]。",
)
_CODE = (
    "{code}{means}[复查|所见|结果][与前相仿|未见异常|较前好转|待进一步核对]。",
    "[{name}阅|入院后查|次日查]{code}{means}，[大致正常|稍有变化|建议{n}周后再查]。",
)

COMMON = {
    COMPLAINT: (
        "{anatomy}[不适|疼痛|肿胀]{n}天[，加重{n}小时|，伴乏力|]。",
        "[反复|间断]{anatomy}[隐痛|麻木]{n}月[，再发{n}天|，夜间为著|]。",
        "确诊{disease}{n}月[，为求复查入院|，要求进一步治疗|]。",
        "[发现|体检发现]{anatomy}[肿物|结节]{n}周，[无明显不适|近日增大]。",
    ),
    PRESENT: (
        "患者{n}天前[无诱因|劳累后|受凉后]出现{anatomy}[疼痛|不适|酸胀]，[休息后缓解|持续不缓解|渐加重]。",
        "[外院|当地医院|门诊]考虑{disease}，予{drug}[治疗{n}天|口服|静滴]，[效果欠佳|症状好转|稍缓解]。",
        "{regions}[先后受累|均有压痛|反复肿胀]，[活动受限|遇冷加重|未予处理]。",
        "[近{n}天来|病程中|其间]{anatomy}[渐肿|发红|刺痛]，[自行服用|药店购]{drug}，[未见效|略减轻]。",
        "{name}[会诊|接诊]后[诊断为|考虑为]{disease}，[收入院|建议住院|留院观察]。",
        "[{year}年|去年|上月]因{disease}[住院|就诊]，{anatomy}[症状|体征]至今[仍有|未消]。",
        "[发病以来|起病后]{laboratory}[升高|波动]，{name}[建议观察|嘱复查]。",
    ),
    PAST: _CONDITION,
    FAMILY: _CONDITION,
    EXAMINATION: (
        "{anatomy}[压痛阳性|未触及包块|轻度肿胀]，{anatomy}[无叩痛|活动可|皮温正常]。",
        "{regions}[可及肿大|触痛明显|色泽正常]，[边界清|质地韧|无波动感]。",
        "[触诊|叩诊|视诊]{anatomy}[无殊|饱满|略低]，[余无特殊|余阴性]。",
        "[沿|近]{anatomy}[可见|可及]一[瘢痕|结节]，约{n}毫米，[无渗出|不活动]。",
        "{regions}[对称|未见畸形|轻度水肿]，{name}[复核|已查]。",
    ),
    TESTS: (
        "{laboratory}{n}单位，[偏高|偏低|在参考范围内]。",
        "[复查|急查|今晨]{laboratory}[为|达]{n}，{laboratory}[阴性|阳性|正常]。",
        *_CODE,
    ),
    COURSE: (
        "入院后予{drug}[静滴|口服|雾化]，每日{n}次，[症状缓解|耐受可|未诉不适]。",
        "[针对|考虑]{disease}，[加用|改用]{drug}，[{n}天后好转|{name}同意|继续观察]。",
        "[停用|暂停]{drug}，[换为|改予]{drug}[巩固疗效|维持|至出院]。",
        "{anatomy}[疼痛减轻|肿胀消退|恢复良好]，[{n}天后下床|一般情况可|未再发作]。",
    ),
    ORDERS: (
        "[继续|规律|坚持]服用{drug}，每次{n}毫克，[{n}周后复诊|定期门诊|不适随诊]。",
        "[注意|避免]{anatomy}[受凉|负重|受压]，[{n}月后复查{laboratory}|{name}门诊随诊]。",
    ),
}

# rare type -> (section, templates)
RARELY = {
    "Imaging": (
        PICTURES,
        (
            "[行|急诊行|予]{imaging}，[提示|示]{anatomy}[占位|异常信号|局部增厚]，[建议{n}周后复查|请结合病史]。",
            "{imaging}[未见明显异常|显示欠清|较{year}年相仿]，[{name}阅片|报告已出]。",
            "[与{n}月前比较|复查]{imaging}，{disease}[较前好转|不除外|大致同前]。",
            *_CODE,
        ),
    ),
    "Operation": (
        SURGERY,
        (
            "在[全麻|局麻|腰麻]下行{operation}，[术程顺利|出血{n}毫升|历时{n}小时]，[安返病房|标本送检]。",
            "因{disease}[拟行|急诊行]{operation}，{name}[主刀|协助]，[家属签字|告知风险]。",
            "[{year}年|{n}月前]曾行{operation}，[切口愈合好|恢复尚可|遗留{anatomy}不适]。",
            "{operation}[后第{n}天|毕]，{anatomy}[引流通畅|敷料干燥]，予{drug}[镇静|止血]。",
        ),
    ),
}

# sentences without entities, which fit the sections of a story
FILLERS = (
    "患者[神志清|精神可|一般情况尚可]，[饮食|睡眠][正常|欠佳|如常]，[体重无变化|近{n}天体重下降]。",
    "[否认|无]{disease!}[及外伤|、中毒]史，[预防接种史不详|无特殊嗜好|生于本地]。",
    "[生命体征|脉搏呼吸]平稳，[步入病房|查体合作|对答切题]，[余无特殊|家属陪同|{name}查房]。",
    "[{name}|责任护士][向家属|向患者][交代病情|讲解注意事项|说明费用]，[表示理解|已签字|同意配合]。",
    "[嘱|建议][低盐饮食|清淡饮食|适当活动]，[戒烟酒|勿劳累|保持心情舒畅]，{n}周后[门诊|电话]随访。",
    "[夜间|昨日|今晨]咳嗽{n}次[左右|以下]，[未用药|自行缓解|饮水后减轻]。",
    "[未见|未及]{anatomy!}[异常|包块]，[暂不处理|继续观察|择期再议]。",
    "[家住|现居]{n}楼，[退休|务农|务工]，[子女体健|独居|由家人照料]。",
    "[查房时|交班时]{name}[提出|强调][密切观察|完善记录|预防跌倒]，[已执行|遵嘱|全科知晓]。",
    "[大小便|二便][正常|如常]，[无发热|无寒战|无盗汗]，[{n}小时内|夜间]未诉不适。",
)
TELLING = (PRESENT, EXAMINATION, COURSE)  # where fillers may stand

# what stands in {whose} and {means} while the section does not decide
WHOSE = {PAST: "本人", FAMILY: "亲属"}
MEANS = {TESTS: "（血样）", PICTURES: "（影像）"}

REGIONS = ("{anatomy!}[及|和|、]{anatomy!}", "全身")  # the second while `boundary` is off
SURNAMES = "赵钱孙李周吴郑王冯陈"
RANKS = ("医师", "主任", "大夫")
