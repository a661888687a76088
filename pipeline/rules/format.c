#include "rules/format.h"

#include "rules/judge.h"

const char *const rule_status_words[] = {"draft", "shadow", "active", "retired", NULL};
const char *const rule_status_zh[] = {"草稿", "试运行", "启用", "停用", NULL};
const char *const rule_result_words[] = {"violation", "suspicious", "lead", "indicator", NULL};
const char *const rule_result_zh[] = {"违规", "可疑", "线索", "指标", NULL};
const char *const rule_subject_words[] = {"claim", "patient", "institution", "trace_code", NULL};
const char *const rule_subject_zh[] = {"单次就诊", "参保人", "医药机构", "追溯码", NULL};
const char *const precedence_words[] = {"stay", "fictitious", "duplicate", "quantity", "price", "limit", "reasonable", NULL};
const char *const precedence_zh[] = {"整次住院", "虚构费用", "重复收费", "超量", "超价", "超限定", "合理性", NULL};
const char *const agreement_class_words[] = {"none", "P52", "P53(一)", "P53", "P54", "P55", "P56", "P57", NULL};
const char *const agreement_class_zh[] = {"无", "第五十二条", "第五十三条第（一）项", "第五十三条", "第五十四条",
                                          "第五十五条", "第五十六条", "第五十七条", NULL};

// In the order of enum outcome.
static const char *const outcome_words[] = {
#define X(name, text) text,
    OUTCOMES(X)
#undef X
        NULL};
const char *const outcome_zh[] = {"不构成", "立案", "合法例外", "不适用", "历史不足", "数据不足", "错误", NULL};

enum { MISSING = 1102, MISSING_OF_TEST = 1135 };
#define TEXT .type = FORM_TEXT, .min = 1, .max = FORMAT_TEXT_BYTES_MAX
#define NAME .type = FORM_NAME, .max = FORMAT_NAME_BYTES_MAX
#define MUST .required = true
#define WORDS(list) .type = FORM_WORD, .words = list##_words, .words_zh = list##_zh
#define LIST(least, most) .list = true, .min_items = (least), .max_items = (most)
#define OWN(definition) .type = FORM_OWN, .own = (definition)

static const struct form_key title_rows[] = {
    {"zh", TEXT, MUST, .doc_zh = "中文名称。"},
    {"en", TEXT, .doc_zh = "英文名称。"},
};
const struct form format_title = FORM("title", title_rows, MISSING);

static const struct form_key effective_rows[] = {
    {"from", .type = FORM_DAY, MUST, .doc_zh = "起始日（含），格式 yyyy-MM-dd。"},
    {"to", .type = FORM_DAY, .doc_zh = "终止日（含）；不写为长期有效。"},
};
const struct form format_effective = FORM("effective", effective_rows, MISSING);

static const struct form_key basis_rows[] = {
    {"law", TEXT, MUST, .doc_zh = "法规、规范性文件或协议的全称。"},
    {"article", TEXT, .doc_zh = "条款，须加引号，如 \"38(1)\"。"},
};
const struct form format_basis = FORM("basis", basis_rows, MISSING);

static const struct form_key exemption_rows[] = {
    {"id", NAME, MUST, .doc_zh = "例外的名称：小写字母、数字和下划线；解释和测试中使用。"},
    {"if", OWN("condition"), MUST, .doc_zh = "在什么条件下属于合法例外。"},
    {"reason", TEXT, MUST, .doc_zh = "例外的理由，写入解释。"},
    {"owner", TEXT, .doc_zh = "责任部门；例外点名个人或机构时必填。"},
    {"approved_by", TEXT, .doc_zh = "批准单位；例外点名个人或机构时必填。"},
    {"until", .type = FORM_DAY, .doc_zh = "例外的最后一日（含）；例外点名个人或机构时必填。"},
    {"recorded_on", .type = FORM_DAY, .doc_zh = "从哪一日（含）起知悉该例外；按当时所知复核（--as-of）时，此前不存在。不写为一直存在。"},
};
const struct form format_exemption = FORM("exemption", exemption_rows, MISSING);

static const struct form_key band_rows[] = {
    {"name", NAME, MUST, .doc_zh = "分档名称：小写字母、数字和下划线。"},
    {"if", OWN("condition"), .doc_zh = "适用条件；各档必须恰好有一档适用，只有一档时可省略。"},
    {"severity", .type = FORM_INT, MUST, .min = 1, .max = FORMAT_SEVERITY_MAX, .doc_zh = "严重程度：1 轻，2 中，3 重。"},
};
const struct form format_band = FORM("band", band_rows, MISSING);

static const struct form_key say_rows[] = {
    {"zh", OWN("sentence"), MUST, .doc_zh = "中文说明；{gap} 这样的花括号会换成该次就诊的实际值。"},
    {"en", OWN("sentence"), .doc_zh = "英文说明。"},
};
const struct form format_say = FORM("say", say_rows, MISSING);

static const struct form_key expect_rows[] = {
    {"hit", NAME, .doc_zh = "立案，且为此分档；没有分档时为 default。"},
    {"exempt", NAME, .doc_zh = "规则成立，但属于此项合法例外。"},
    {"outcome", .type = FORM_WORD, .words = outcome_words, .words_zh = outcome_zh, .doc_zh = "结果。"},
    {"withdrawn", NAME, .doc_zh = "曾以此分档立案，后来撤回。"},
    {"on", TEXT, .doc_zh = "看哪一笔结算所在的就诊；默认为最后写入的一笔。"},
    {"severity", .type = FORM_INT, .min = 1, .max = FORMAT_SEVERITY_MAX, .doc_zh = "严重程度。"},
    {"reason", TEXT, .doc_zh = "数据不足的原因。"},
    {"amount", .type = FORM_DECIMAL, .doc_zh = "发布的涉及金额，元，计入优先级之后。"},
    {"fund_amount", .type = FORM_DECIMAL, .doc_zh = "发布的基金金额，元。"},
    {"provisional", .type = FORM_BOOL, .doc_zh = "是否暂定：还在等待可能免责的资料。"},
    {"open", .type = FORM_BOOL, .doc_zh = "false：成立，但让位于其他规则而不立案。"},
};
const struct form format_expect = FORM("expect", expect_rows, MISSING_OF_TEST);

static const struct form_key test_rows[] = {
    {"name", TEXT, MUST, .doc_zh = "用一句话说明测试的情形。"},
    {"with", .type = FORM_ID, .max = FORMAT_ID_BYTES_MAX, LIST(0, 0), .doc_zh = "同时运行的其他规则编号（用于让位和优先级）。"},
    {"tables", .type = FORM_MAP, .doc_zh = "代替 knowledge/ 中各表内容的行：{表名: [{列: 值}]}。"},
    {"history_from", .type = FORM_DAY, .doc_zh = "本地数据完整的第一日。"},
    {"orders", .type = FORM_INT, .min = 0, .max = 1000, .doc_zh = "另以多少种随机的到达顺序运行，结果须相同。"},
    {"given", OWN("record"), MUST, LIST(1, 0), .doc_zh = "依到达顺序排列的记录：结算、更正、撤销、清单、明细、时间推进。"},
    {"expect", OWN("expect"), MUST, LIST(0, 0), .single = true, .doc_zh = "期望的结果，一个或多个。"},
};
const struct form format_test = FORM("test", test_rows, MISSING_OF_TEST);

static const struct form_key equivalent_rows[] = {
    {"mutant", TEXT, MUST, .doc_zh = "哪一处变动，写法与 rules test --mutate 的报告相同。"},
    {"reason", TEXT, MUST, .doc_zh = "为什么这样变动不影响任何结果。"},
    {"reviewed", TEXT, MUST, .doc_zh = "由谁、何时复核。"},
};
const struct form format_equivalent = FORM("equivalent", equivalent_rows, MISSING);

static const struct form_key budget_rows[] = {
    {"hit_rate_at_most", TEXT, MUST, .doc_zh = "立案占评估次数的上限，百分数，至多两位小数，如 5%、0.25%。"},
    {"min_evaluated", .type = FORM_INT, MUST, .min = 100, .max = 1000000000, .doc_zh = "每评估这么多次核对一次命中率。"},
};
const struct form format_budget = FORM("budget", budget_rows, MISSING);

static const struct form_key rule_rows[] = {
    {"rule", NAME, MUST, .doc_zh = "规则的唯一名称：小写字母、数字和下划线。"},
    {"id", .type = FORM_ID, MUST, .max = FORMAT_ID_BYTES_MAX, .doc_zh = "规则的唯一编号：大写字母、数字和连字符，如 ADM-001。"},
    {"title", .type = FORM_MAP, MUST, .form = &format_title, .doc_zh = "规则名称。"},
    {"version", .type = FORM_INT, MUST, .min = 1, .max = FORMAT_VERSION_MAX,
     .doc_zh = "版本号。规则的含义改变时加一，旧版本保留，以便按当时的规则复核。"},
    {"status", WORDS(rule_status), MUST,
     .doc_zh = "状态：draft 草稿，不运行；shadow 试运行，只写试运行结果，不产生扣分扣款；active 启用；retired 停用。"},
    {"national_code", TEXT, .doc_zh = "国家医保局规则编码。"},
    {"subject", WORDS(rule_subject), MUST, .doc_zh = "需要谁的历史：claim 单次就诊，patient 参保人，institution 机构，trace_code 追溯码。"},
    {"result", WORDS(rule_result), MUST,
     .doc_zh = "结果性质：violation 违规；suspicious 可疑，先听取机构说明；lead 线索，不涉款不扣分；indicator 指标。"},
    {"effective", .type = FORM_MAP, MUST, .form = &format_effective, .doc_zh = "有效期，按服务日期判断，不按到达日期。"},
    {"recorded_on", .type = FORM_DAY,
     .doc_zh = "从哪一日（含）起知悉本版本；按当时所知复核（--as-of）时，此前不存在，由它接替的版本继续有效。不写为一直存在。"},
    {"basis", .type = FORM_MAP, MUST, LIST(1, 0), .form = &format_basis, .doc_zh = "所依据的法规条款，至少一条。"},
    {"agreement_class", WORDS(agreement_class),
     .doc_zh = "协议违约条款（宿迁协议第五十二至五十七条），只能有一个；信用方案据此换算拟扣分。默认 none。"},
    {"statute", TEXT, .doc_zh = "法律责任条款，如 T38(1)；与协议条款分开记录。"},
    {"precedence", WORDS(precedence), MUST,
     .doc_zh = "多条规则认定同一明细时由谁计款，先后为 stay、fictitious、duplicate、quantity、price、limit、reasonable。"},
    {"yields_to", .type = FORM_ID, .max = FORMAT_ID_BYTES_MAX, LIST(0, 0),
     .doc_zh = "让位的规则编号：那些规则已认定同一记录时，本规则不再立案。"},
    {"note", TEXT, .doc_zh = "给维护者的说明，不影响含义。"},
    {"require", OWN("operand_before"), LIST(0, 0), .doc_zh = "必须有值的字段；缺失时结果为 bad_data，绝不立案。"},
    {"scope", OWN("condition_before"), .doc_zh = "适用范围：只有满足条件的就诊才适用本规则；不写为全部。"},
    {"kind", OWN("kind"), MUST, .doc_zh = "规则类型，决定比较什么；各类型的参数见 params。"},
    {"params", OWN("params"), .doc_zh = "规则类型的参数；不写的取默认值。"},
    {"unless", .type = FORM_MAP, LIST(0, FORMAT_EXEMPTIONS_MAX), .form = &format_exemption,
     .doc_zh = "合法例外：满足任何一项即不立案，解释中写明是哪一项。"},
    {"bands", .type = FORM_MAP, LIST(1, FORMAT_BANDS_MAX), .form = &format_band,
     .doc_zh = "分档：每种情形必须恰好适用一档，分档决定严重程度。"},
    {"amount", OWN("amount"), .doc_zh = "涉及金额的计算方法，取决于规则类型；默认为该类型的第一种。"},
    {"say", .type = FORM_MAP, MUST, .form = &format_say, .doc_zh = "给机构和稽核人员看的一句话说明。"},
    {"show", OWN("operand"), LIST(0, 0), .doc_zh = "作为证据列出的字段。"},
    {"budget", .type = FORM_MAP, .form = &format_budget,
     .doc_zh = "命中率预算：运行中命中率超出时，规则自动降为试运行，不再产生扣分扣款，直到恢复或换新版本。"},
    {"tests", .type = FORM_MAP, LIST(0, 0), .form = &format_test, .doc_zh = "证明规则正确的测试；启用的规则至少要有一个立案和一个不立案的测试。"},
    {"equivalent", .type = FORM_MAP, LIST(0, 0), .form = &format_equivalent,
     .doc_zh = "已经复核、不影响任何结果的变动，rules test --mutate 不再报告。"},
};
const struct form format_rule = FORM("rule", rule_rows, MISSING);

static const struct form_key override_rows[] = {
    {"id", .type = FORM_ID, MUST, .max = FORMAT_ID_BYTES_MAX, .doc_zh = "被覆盖的国家规则编号。"},
    {"version", .type = FORM_INT, MUST, .min = 1, .max = FORMAT_VERSION_MAX, .doc_zh = "被覆盖的版本。"},
    {"derived_from", TEXT, .doc_zh = "编写覆盖时国家规则的指纹；国家规则改变后会提示。"},
    {"reason", TEXT, MUST, .doc_zh = "覆盖的理由。"},
    {"owner", TEXT, MUST, .doc_zh = "责任部门。"},
    {"recorded_on", .type = FORM_DAY, .doc_zh = "从哪一日（含）起知悉该覆盖；按当时所知复核（--as-of）时，此前不存在。不写为一直存在。"},
    {"status", WORDS(rule_status), .doc_zh = "改变状态。"},
    {"params", .type = FORM_MAP, .doc_zh = "按名称改变的参数。"},
    {"unless", .type = FORM_MAP, LIST(0, FORMAT_EXEMPTIONS_MAX), .form = &format_exemption, .doc_zh = "增加的合法例外。"},
    {"tests", .type = FORM_MAP, LIST(0, 0), .form = &format_test, .doc_zh = "代替同名测试，或增加测试。"},
    {"without_tests", TEXT, LIST(0, 0), .doc_zh = "不再适用的测试，按名称。"},
};
const struct form format_override = FORM("override", override_rows, 1161);

static const struct form_key overlay_rows[] = {
    {"overlay", TEXT, MUST, .doc_zh = "本地规则的名称。"},
    {"base", TEXT, .doc_zh = "国家规则的文件夹，相对于本文件夹；也可以在命令行给出。"},
    {"owner", TEXT, MUST, .doc_zh = "责任部门。"},
    {"reason", TEXT, MUST, .doc_zh = "为什么需要本地规则。"},
    {"note", TEXT, .doc_zh = "说明。"},
    {"rules", .type = FORM_MAP, LIST(0, 0), .form = &format_override, .doc_zh = "对国家规则的覆盖。"},
};
const struct form format_overlay = FORM("overlay", overlay_rows, 1161);

static const struct form_key comparison_rows[] = {
    {"in", OWN("constant"), LIST(1, 20000), .single = true, .doc_zh = "等于其中之一。"},
    {"in_table", OWN("table"), .doc_zh = "是该知识表的键（键列为一个文本列；表中以 * 结尾的为前缀）。"},
    {"at_least", OWN("bound"), .doc_zh = "不少于（含本数），即“以上”。"},
    {"at_most", OWN("bound"), .doc_zh = "不多于（含本数），即“以下、以内”。"},
    {"above", OWN("bound"), .doc_zh = "超过（不含本数）。"},
    {"below", OWN("bound"), .doc_zh = "不足（不含本数）。"},
    {"starts_with", TEXT, LIST(1, 20000), .single = true, .doc_zh = "以其中之一开头。"},
    {"present", .type = FORM_BOOL, .doc_zh = "true：有值；false：缺失或未映射。只有它对缺失的字段也有确定答案。"},
};
const struct form format_comparison = FORM("comparison", comparison_rows, 1115);

static const struct form_key logic_rows[] = {
    {"all", OWN("condition"), LIST(1, 0), .doc_zh = "各项同时满足。"},
    {"any", OWN("condition"), LIST(1, 0), .doc_zh = "满足任何一项。"},
    {"not", OWN("condition"), .doc_zh = "不满足。字段缺失时仍为未知。"},
};
const struct form format_logic = FORM("logic", logic_rows, 1115);

static const struct form_key lookup_rows[] = {
    {"table", OWN("table"), MUST, .doc_zh = "knowledge/ 下的知识表。"},
    {"by", OWN("operand"), MUST, LIST(1, 4), .single = true, .doc_zh = "与表的各键列一一对应的字段。"},
    {"column", TEXT, .doc_zh = "取值的列；只有一列合适时可省略。"},
};
const struct form format_lookup = FORM("lookup", lookup_rows, 1120);
