#include "rules/words.h"

enum { CODE_WORDS = 1135, TEXT_MAX = 2000, LINES_MAX = 10000, VERSION_MAX = 1000 };
#define TEXT .type = FORM_TEXT, .min = 1, .max = TEXT_MAX
#define MONEY .type = FORM_DECIMAL
#define SYMBOL(table) .type = FORM_OWN, .own = (table)

static const struct form_key line_rows[] = {
    {"sn", TEXT, .required = true, .zh = "流水号", .doc_zh = "明细流水号 feedetl_sn。"},
    {"code", TEXT, .zh = "医保编码", .doc_zh = "医保目录编码 med_list_codg。"},
    {"hospital_code", TEXT, .zh = "院内编码", .doc_zh = "院内目录编码 medins_list_codg。"},
    {"category", SYMBOL("fee_or_none"), .zh = "", .doc_zh = "费用类别符号，默认 OTHER；none 为不上传。"},
    {"date", .type = FORM_TIME, .zh = "", .doc_zh = "费用发生时间；不写为缺失。"},
    {"count", MONEY, .zh = "数量", .doc_zh = "数量，默认 1；负数为退费。"},
    {"price", MONEY, .zh = "单价", .doc_zh = "单价，元；不写为缺失。"},
    {"amount", MONEY, .zh = "金额", .doc_zh = "金额，元；默认为数量乘单价。"},
    {"in_scope", MONEY, .zh = "符合政策范围金额", .doc_zh = "符合政策范围金额，元；默认为金额减去超限价和全自费。"},
    {"over_limit", MONEY, .zh = "超限价自费", .doc_zh = "超限价自费金额，元。"},
    {"self_paid", MONEY, .zh = "全自费", .doc_zh = "全自费金额，元。"},
    {"trace", TEXT, .list = true, .zh = "追溯码", .doc_zh = "药品追溯码。"},
    {"refund_of", TEXT, .zh = "冲销", .doc_zh = "退费所冲销的明细流水号。"},
    {"days", MONEY, .zh = "用药天数", .doc_zh = "用药天数 prd_days。"},
};
const struct form words_line = FORM("line", line_rows, CODE_WORDS);

static const struct form_key settle_rows[] = {
    {"id", TEXT, .required = true, .zh = "", .doc_zh = "结算ID setl_id。"},
    {"of", TEXT, .zh = "所属", .doc_zh = "就诊ID mdtrt_id；默认 M- 加结算ID。同一就诊的多次结算写同一个。"},
    {"patient", TEXT, .zh = "参保人", .doc_zh = "人员编号，默认 P1。"},
    {"at", TEXT, .zh = "机构", .doc_zh = "医药机构编号，默认 H1。"},
    {"visit", SYMBOL("med_type_or_none"), .zh = "", .doc_zh = "就诊类别符号；有 stay 时默认 INP，否则 OUTP；none 为不上传。"},
    {"stay", SYMBOL("time_or_none"), .list = true, .min_items = 1, .max_items = 2, .zh = "住院", .doc_zh = "[入院, 出院]；在院时只写入院；[none, 出院] 为缺入院时间。"},
    {"time", .type = FORM_TIME, .zh = "时间", .doc_zh = "结算时间；默认为出院后 10 分钟。"},
    {"diagnosis", TEXT, .list = true, .single = true, .zh = "诊断", .doc_zh = "诊断编码；多个时第一个为主诊断。"},
    {"department", TEXT, .list = true, .single = true, .max_items = 2, .zh = "科室", .doc_zh = "科室，默认 A01；或 [入院科室, 出院科室]；none 为缺失。"},
    {"admission_way", SYMBOL("adm_way"), .zh = "入院途径", .doc_zh = "入院途径符号。"},
    {"discharge_way", SYMBOL("dscg_way"), .zh = "离院方式", .doc_zh = "离院方式符号。"},
    {"planned", SYMBOL("days_rinp_flag_31"), .zh = "31天内再住院", .doc_zh = "出院31天内再住院计划符号。"},
    {"hi_paymtd", TEXT, .zh = "支付方式", .doc_zh = "医保支付方式代码。"},
    {"insutype", TEXT, .zh = "险种", .doc_zh = "险种类型代码，默认 310。"},
    {"level", TEXT, .zh = "机构等级", .doc_zh = "医院等级代码，默认 03。"},
    {"gender", TEXT, .zh = "性别", .doc_zh = "性别代码，默认 1。"},
    {"born", .type = FORM_TIME, .zh = "出生", .doc_zh = "出生日期，默认 1957-04-02。"},
    {"region", TEXT, .zh = "区划", .doc_zh = "医保区划，默认 620100。"},
    {"ward", TEXT, .zh = "病区", .doc_zh = "病区编码。"},
    {"doctor", TEXT, .zh = "医师", .doc_zh = "主治医师编码，默认 D1。"},
    {"icu", .type = FORM_TIME, .zh = "进入重症监护", .doc_zh = "进入重症监护的时间。"},
    {"total", MONEY, .zh = "总费用", .doc_zh = "医疗费总额，元；默认为明细合计。"},
    {"in_scope", MONEY, .zh = "符合政策范围金额", .doc_zh = "符合政策范围金额，元；没有 lines 时由一行明细承担，默认 100.00。"},
    {"fund", MONEY, .zh = "基金支付", .doc_zh = "基金支付总额，元；默认等于 in_scope。"},
    {"interim", .type = FORM_BOOL, .zh = "中途结算", .doc_zh = "中途结算。"},
    {"void", .type = FORM_BOOL, .zh = "作废", .doc_zh = "无效记录。"},
    {"refund_of", TEXT, .zh = "冲销", .doc_zh = "所冲销的结算ID。"},
    {"ver", .type = FORM_INT, .min = 1, .max = VERSION_MAX, .zh = "版本", .doc_zh = "版本号，默认依次递增。"},
    {"fee_count", .type = FORM_INT, .min = 1, .max = LINES_MAX, .zh = "明细行数", .doc_zh = "明细另由 fee 记录送达时的总行数。"},
    {"lines", .type = FORM_MAP, .list = true, .form = &words_line, .zh = "明细", .doc_zh = "费用明细。"},
};
const struct form words_settle = FORM("settle", settle_rows, CODE_WORDS);

static const struct form_key list_rows[] = {
    {"of", TEXT, .required = true, .zh = "所属", .doc_zh = "清单所属的结算ID。"},
    {"patient", TEXT, .zh = "参保人", .doc_zh = "人员编号。"},
    {"at", TEXT, .zh = "机构", .doc_zh = "医药机构编号。"},
    {"time", .type = FORM_TIME, .zh = "时间", .doc_zh = "上传时间。"},
    {"admission_way", SYMBOL("adm_way"), .zh = "入院途径", .doc_zh = "入院途径符号。"},
    {"discharge_way", SYMBOL("dscg_way"), .zh = "离院方式", .doc_zh = "离院方式符号。"},
    {"planned", SYMBOL("days_rinp_flag_31"), .zh = "31天内再住院", .doc_zh = "出院31天内再住院计划符号。"},
    {"diagnosis", TEXT, .list = true, .single = true, .zh = "诊断", .doc_zh = "诊断编码；多个时第一个为主诊断。"},
};
const struct form words_list = FORM("list", list_rows, CODE_WORDS);

static const struct form_key fee_rows[] = {
    {"of", TEXT, .required = true, .zh = "所属", .doc_zh = "明细所属的结算ID。"},
    {"patient", TEXT, .zh = "参保人", .doc_zh = "人员编号。"},
    {"at", TEXT, .zh = "机构", .doc_zh = "医药机构编号。"},
    {"time", .type = FORM_TIME, .zh = "时间", .doc_zh = "到达时间。"},
    {"lines", .type = FORM_MAP, .required = true, .list = true, .form = &words_line, .zh = "明细", .doc_zh = "费用明细。"},
};
const struct form words_fee = FORM("fee_record", fee_rows, CODE_WORDS);

static const struct form_key cancel_rows[] = {
    {"id", TEXT, .required = true, .zh = "", .doc_zh = "被撤销的结算ID。"},
    {"patient", TEXT, .zh = "参保人", .doc_zh = "人员编号；撤销先于结算到达时需要。"},
    {"at", TEXT, .zh = "机构", .doc_zh = "医药机构编号。"},
    {"time", .type = FORM_TIME, .zh = "时间", .doc_zh = "撤销时间。"},
};
const struct form words_cancel = FORM("cancel", cancel_rows, CODE_WORDS);

static const struct form_key record_rows[] = {
    {"settle", .type = FORM_MAP, .form = &words_settle, .zh = "结算", .doc_zh = "一笔结算。"},
    {"correct", .type = FORM_MAP, .form = &words_settle, .zh = "更正", .doc_zh = "同一结算的更正，版本加一；没写的不会沿用（参保人、机构、就诊除外）。"},
    {"cancel", .type = FORM_MAP, .form = &words_cancel, .single = true, .zh = "撤销", .doc_zh = "撤销一笔结算：结算ID，或 {id, patient, at, time}。"},
    {"list", .type = FORM_MAP, .form = &words_list, .zh = "清单", .doc_zh = "结算清单。"},
    {"fee", .type = FORM_MAP, .form = &words_fee, .zh = "补传明细", .doc_zh = "另行送达的费用明细。"},
    {"tick", .type = FORM_TIME, .zh = "时间推进到", .doc_zh = "时间推进到此日。"},
};
const struct form words_record = FORM("record", record_rows, CODE_WORDS);
