// Decoding: every field, every place it may stand in, and what is refused.
#include "tests/unit/record/decoding.h"

static void a_settlement_is_decoded_whole(void **state) {
  (void)state;
  accept(sample);
  assert_int_equal(event.type, EVENT_SETL);
  assert_slice(event.msg_id, "H62010000001202603091011120001");
  assert_slice(event.psn_no, "p_3f9c");
  assert_slice(event.fixmedins_code, "H62010000001");
  assert_slice(event.mdtrtarea_admvs, "620100");
  assert_slice(event.insuplc_admdvs, "620200");
  assert_int_equal(event.event_time_s, seconds("2026-03-09 10:11:10"));
  assert_int_equal(event.recv_time_s, seconds("2026-03-09 10:11:12"));
  assert_int_equal(event.ver, 2);
  assert_int_equal(event.source.topic, 0x5a5a5a5a);    // left alone
  assert_int_equal(event.raw.size, sizeof sample - 1);
  assert_slice(event.setl_id, "S2026030900017");
  assert_slice(event.mdtrt_id, "M20260228001");
  assert_slice(event.medins_setl_id, "ZY26-00417");
  assert_slice(event.init_setl_id, "S0");
  assert_slice(event.gend, "1");
  assert_slice(event.insutype, "310");
  assert_slice(event.med_type, "21");
  assert_slice(event.hosp_lv, "03");
  assert_slice(event.hi_paymtd, "1");
  assert_slice(event.refd_setl_flag, "0");
  assert_slice(event.vali_flag, "1");
  assert_slice(event.mid_setl_flag, "0");
  assert_int_equal(event.brdy_day, date_from_civil(1957, 4, 2));
  assert_int_equal(event.setl_time_s, seconds("2026-03-09 10:11:10"));
  assert_int_equal(event.has, EVENT_HAS_MEDFEE | EVENT_HAS_INSCP | EVENT_HAS_FUND | EVENT_HAS_FEE_CNT | EVENT_HAS_LINES);
  assert_int_equal(event.medfee_fen, 46000);
  assert_int_equal(event.inscp_fen, 45000);
  assert_int_equal(event.fund_fen, 38005);
  assert_int_equal(event.fee_cnt, 2);
  assert_int_equal(event.begntime_s, seconds("2026-02-28 09:30:00"));
  assert_false(event.begntime_day_only);
  assert_int_equal(event.endtime_s, seconds("2026-03-09"));
  assert_true(event.endtime_day_only);
  assert_slice(event.adm_dept_codg, "A03.04");
  assert_slice(event.dscg_dept_codg, "A03.05");
  assert_slice(event.wardarea_codg, "W07");
  assert_slice(event.adm_bed, "12");
  assert_slice(event.adm_way, "2");
  assert_slice(event.dscg_way, "1");
  assert_slice(event.atddr_no, "D620100000011");
  assert_slice(event.dscg_maindiag_code, "I63");
  assert_slice(event.days_rinp_flag_31, "1");
  assert_int_equal(event.icu_in_first_s, seconds("2026-03-01 12:00:00"));
  assert_int_equal(event.diagnoses_size, 2);
  assert_slice(event.diagnoses[0].diag_code, "I63.900");
  assert_slice(event.diagnoses[0].maindiag_flag, "1");
  assert_slice(event.diagnoses[1].diag_type, "2");
  assert_slice(event.diagnoses[1].diag_code, "i10.x00");
  assert_int_equal(event.lines_size, 2);
  const struct line *line = event.lines;
  assert_slice(line[0].feedetl_sn, "1");
  assert_slice(line[0].init_feedetl_sn, NULL);
  assert_slice(line[0].med_list_codg, "001109000010000");
  assert_slice(line[0].medins_list_codg, "CW01");
  assert_slice(line[0].med_chrgitm_type, "01");
  assert_int_equal(line[0].fee_ocur_time_s, seconds("2026-02-28 09:40:00"));
  assert_int_equal(line[0].has, LINE_HAS_CNT | LINE_HAS_PRIC | LINE_HAS_AMOUNT | LINE_HAS_INSCP);
  assert_int_equal(line[0].cnt, 90000);
  assert_int_equal(line[0].pric, 40000000);
  assert_int_equal(line[0].det_item_fee_fen, 36000);
  assert_int_equal(line[0].trace_count, 0);
  assert_int_equal(line[0].content, 0);
  assert_slice(line[1].init_feedetl_sn, "1");
  assert_true(line[1].day_only);
  assert_int_equal(line[1].has, 255);
  assert_int_equal(line[1].cnt, -105000);
  assert_int_equal(line[1].pric, 10123456);
  assert_int_equal(line[1].det_item_fee_fen, -10000);
  assert_int_equal(line[1].inscp_fen, 9000);
  assert_int_equal(line[1].preself_fen, 1000);
  assert_int_equal(line[1].ownpay_fen, 100);
  assert_int_equal(line[1].overlmt_fen, 250);
  assert_int_equal(line[1].prd_days, 925);
  assert_int_equal(line[1].trace_count, 2);
  assert_slice(event.traces[line[1].trace_first], "83123450000000000017");
  assert_slice(event.traces[line[1].trace_first + 1], "8");
}

static void absent_is_absent_however_it_is_written(void **state) {
  (void)state;
  static const char *const forms[] = {"\"\"", "null", "\"null\"", "\"-\"", "\"  \"", " null ", "\"\\u002d\""};
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    char message[2048];
    snprintf(message, sizeof message,
             SETL(",\"gend\":%s,\"medfee_sumamt\":%s,\"setl_time\":%s,\"brdy\":%s,\"init_setl_id\":%s,\"fee_cnt\":%s",
                  ",\"mdtrtinfo\":%s,\"diseinfo\":%s,\"feedetail\":[{\"feedetl_sn\":\"1\",\"cnt\":%s,\"prd_days\":%s,"
                  "\"drugtracinfo\":%s,\"init_feedetl_sn\":%s,\"fee_ocur_time\":%s,\"psn_no\":%s}]"),
             forms[i], forms[i], forms[i], forms[i], forms[i], forms[i], forms[i], forms[i], forms[i], forms[i], forms[i],
             forms[i], forms[i], i == 4 ? "null" : forms[i]);
    accept(message);
    assert_slice(event.gend, NULL);
    assert_int_equal(event.has, EVENT_HAS_LINES);
    assert_int_equal(event.setl_time_s, DATE_ABSENT);
    assert_int_equal(event.brdy_day, INT32_MIN);
    assert_slice(event.init_setl_id, NULL);
    assert_int_equal(event.diagnoses_size, 0);
    assert_int_equal(event.lines[0].has, 0);
    assert_slice(event.lines[0].init_feedetl_sn, NULL);
    assert_int_equal(event.lines[0].trace_count, 0);
    assert_int_equal(event.lines[0].fee_ocur_time_s, DATE_ABSENT);
    assert_int_equal(event.icu_in_first_s, DATE_ABSENT);
    assert_int_equal(event.begntime_s, DATE_ABSENT);
  }
  accept(SETL(",\"medfee_sumamt\":0", ""));
  assert_int_equal(event.has, EVENT_HAS_MEDFEE);    // nought is no absence, and no feedetail are no lines
}

static void second_spellings_are_the_same_keys(void **state) {
  (void)state;
  accept(
      "{\"msg_id\":\"m\",\"msg_type\":\"SETL\",\"mdtrtarea_admdvs\":\"1\",\"insuplc_admvs\":\"2\",\"fixmedins_code\":\"H\","
      "\"psn_no\":\"p\","
      "\"event_time\":\"20260309101110\",\"recv_time\":\"2026-03-09T10:11:12\",\"ver\":\"3\",\"body\":{\"setlinfo\":"
      "{" SETLINFO
      ",\"inscp_amt\":\"1.5\"},\"mdtrtinfo\":{\"begndate\":\"20260301\",\"enddate\":\"2026-03-02 01:02:03\"},"
      "\"feedetail\":[{\"bkkp_sn\":\"7\",\"inscp_amt\":1,\"overlmt_selfpay\":2,\"drugtracinfo\":{\"drug_trac_code\":\"c\"}}]"
      "}}");
  assert_slice(event.mdtrtarea_admvs, "1");
  assert_slice(event.insuplc_admdvs, "2");
  assert_int_equal(event.ver, 3);
  assert_int_equal(event.event_time_s, seconds("2026-03-09 10:11:10"));
  assert_int_equal(event.inscp_fen, 150);
  assert_int_equal(event.begntime_s, seconds("2026-03-01"));
  assert_true(event.begntime_day_only);
  assert_int_equal(event.endtime_s, seconds("2026-03-02 01:02:03"));
  assert_slice(event.lines[0].feedetl_sn, "7");
  assert_int_equal(event.lines[0].has, LINE_HAS_INSCP | LINE_HAS_OVERLMT);
  assert_slice(event.traces[0], "c");
}

static void the_order_of_keys_does_not_matter(void **state) {
  (void)state;
  accept(
      "{\"body\":{\"feedetail\":[{\"cnt\":2,\"feedetl_sn\":\"1\",\"fee_ocur_time\":\"9999-01-01\"}],\"mdtrtinfo\":{\"dscg_"
      "way\":\"1\"},"
      "\"setlinfo\":{\"dscg_way\":\"2\",\"mdtrt_id\":\"M1\",\"setl_id\":\"S1\",\"psn_no\":\"p_1\"}}," ENVELOPE("SETL") "}");
  const uint64_t content = event.content;
  assert_slice(event.setl_id, "S1");
  assert_slice(event.dscg_way, "1");
  assert_int_equal(event.lines[0].cnt, 20000);
  assert_int_equal(event.lines[0].fee_ocur_time_s, DATE_ABSENT);
  accept("{" ENVELOPE(
      "SETL") ",\"body\":{\"feedetail\":[{\"cnt\":2,\"feedetl_sn\":\"1\",\"fee_ocur_time\":\"9999-01-01\"}],"
              "\"mdtrtinfo\":{\"dscg_way\":\"1\"},\"setlinfo\":{\"dscg_way\":\"2\",\"mdtrt_id\":\"M1\",\"setl_id\":\"S1\","
              "\"psn_no\":\"p_1\"}}}");
  assert_int_equal(event.content, content);
  refuse("{\"body\":{\"setlinfo\":{" SETLINFO ",\"medfee_sumamt\":\"x\"}}," ENVELOPE("SETL") "}", REJECT_BAD_AMOUNT,
         "body.setlinfo.medfee_sumamt");
  refuse("{\"body\":{\"setlinfo\":{" SETLINFO ",\"psn_no\":\"p_2\"}}," ENVELOPE("SETL") "}", REJECT_KEY_MISMATCH,
         "body.setlinfo.psn_no");
}

static void content_is_that_of_the_minified_body(void **state) {
  (void)state;
  accept(MESSAGE("FEE",
                 "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a "
                 "b\":[]}]},{\"feedetl_sn\":\"2\"}]"));
  const uint64_t content = event.content, line = event.lines[0].content;
  assert_int_not_equal(content, 0);
  assert_int_not_equal(line, 0);
  static const char *const loose[] = {
      MESSAGE("FEE",
              "\"setl_id\" :\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a "
              "b\":[]}]},{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\": \"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a "
              "b\":[]}]},{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\" ,\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a "
              "b\":[]}]},{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\", \"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a "
              "b\":[]}]},{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":\t[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a "
              "b\":[]}]},{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[ {\"feedetl_sn\":\"1\",\"x\":[1,{\"a "
              "b\":[]}]},{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1 ,{\"a "
              "b\":[]}]},{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1, {\"a "
              "b\":[]}]},{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a b\":[ "
              "]}]},{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a b\" "
              ":[]}]},{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a b\": "
              "[]}]},{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{ \"a "
              "b\":[]}]},{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a b\":[]} "
              "]},{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a b\":[]}] "
              "},{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a b\":[]}]} "
              ",{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a b\":[]}]}, "
              "{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a "
              "b\":[]}]},{\"feedetl_sn\":\"2\"} ]"),
      MESSAGE("FEE",
              "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a "
              "b\":[]}]},{\"feedetl_sn\":\"2\"}]\r"),
      MESSAGE("FEE",
              " \"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"a "
              "b\":[]}]},{\"feedetl_sn\":\"2\"}]"),
      MESSAGE("FEE",
              "\n\"setl_id\"\n:\n\"S1\"\n,\n\"mdtrt_id\" : \"M1\" , \"feedetail\" : [ { \"feedetl_sn\" : \"1\" , \"x\" : [ "
              "1 , { \"a b\" : [ ] } ] } , "
              "{ \"feedetl_sn\" : \"2\" } ] "),
  };
  for (size_t i = 0; i < sizeof loose / sizeof loose[0]; i++)
    for (unsigned round = 0; round < 2; round++) {
      accept(loose[i]);
      if (event.content != content) print_error("%s\n", loose[i]);
      assert_int_equal(event.content, content);
      assert_int_equal(event.lines[0].content, line);
    }
  accept(MESSAGE("FEE",
                 "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"feedetail\":[{\"feedetl_sn\":\"1\",\"x\":[1,{\"ab\":[]}]},{"
                 "\"feedetl_sn\":\"2\"}]"));
  assert_int_not_equal(event.content, content);    // white space inside a string counts
  assert_int_not_equal(event.lines[0].content, line);
}

static void trace_codes_come_in_three_shapes_and_each_once(void **state) {
  (void)state;
  accept(LINE1(",\"drugtracinfo\":\"a\""));
  assert_int_equal(event.lines[0].trace_count, 1);
  accept(LINE1(",\"drugtracinfo\":{\"drug_trac_codg\":\"a\"}"));
  assert_slice(event.traces[0], "a");
  accept(
      LINE1(",\"drugtracinfo\":[{\"drug_trac_codg\":\"a\"},{\"drug_trac_code\":\"b\"},{\"drug_trac_codg\":\"a\"},{},\"b\","
            "\"c\",null]"));
  assert_int_equal(event.lines[0].trace_count, 3);
  assert_slice(event.traces[0], "a");
  assert_slice(event.traces[1], "b");
  assert_slice(event.traces[2], "c");
  accept(SETL(
      "", ",\"feedetail\":[{\"feedetl_sn\":\"1\",\"drugtracinfo\":\"a\"},{\"feedetl_sn\":\"2\",\"drugtracinfo\":\"a\"}]"));
  assert_int_equal(event.lines[1].trace_first, 1);
  assert_int_equal(event.lines[1].trace_count, 1);    // distinct within its line only
  accept(LINE1(",\"drugtracinfo\":[[[\"a\"]],83123450000000000017,{\"drug_trac_codg\":[]}]"));
  assert_int_equal(event.lines[0].trace_count, 1);
  assert_slice(event.traces[0], "83123450000000000017");
  refuse(LINE1(",\"drugtracinfo\":{\"drug_trac_codg\":\"a\",\"drug_trac_code\":\"a\"}"), REJECT_DUPLICATE_KEY,
         "body.feedetail[0].drugtracinfo.drug_trac_code");
}

static void of_several_entries_to_intensive_care_one_lies_in_the_stay(void **state) {
  (void)state;
  accept(SETL("", ",\"icuinfo\":[{\"scs_cutd_inpool_time\":\"2026-03-02 08:00:00\"},{\"scs_cutd_inpool_time\":\"2026-03-01 08:00:00\"},"
                  "{\"scs_cutd_inpool_time\":\"2026-03-01 09:30:00\"}],\"mdtrtinfo\":{\"begntime\":\"2026-03-01 09:00:00\"}"));
  assert_int_equal(event.icu_in_first_s, seconds("2026-03-01 08:00:00"));
  assert_int_equal(event.icu_in_stay_s, seconds("2026-03-01 09:30:00"));
  accept(SETL("", ",\"icuinfo\":[{\"scs_cutd_inpool_time\":\"2026-03-02 08:00:00\"}],\"mdtrtinfo\":{\"begntime\":\"2026-03-01 09:00:00\"}"));
  assert_int_equal(event.icu_in_first_s, seconds("2026-03-02 08:00:00"));
  assert_int_equal(event.icu_in_stay_s, DATE_ABSENT);
}

static void what_is_no_key_may_have_another_type(void **state) {
  (void)state;
  for (unsigned round = 0; round < 2; round++) {
    accept(SETL(",\"refd_setl_flag\":1,\"vali_flag\":false,\"mid_setl_flag\" : true ,\"gend\": -2.50 ,\"med_type\":{\"a\":[1]},\"insutype\":[],"
                "\"setl_time\":202603,\"brdy\":[19570402]",
                ",\"mdtrtinfo\":[{}],\"diseinfo\":[null,7,[],{\"diag_code\":123}],\"icuinfo\":{},"
                "\"feedetail\":[{\"feedetl_sn\":\"1\",\"prd_days\":\"7d\",\"med_chrgitm_type\":9,\"cnt\":2},{\"feedetl_sn\":\"2\",\"prd_days\":{}}]"));
    assert_slice(event.refd_setl_flag, "1");
    assert_slice(event.vali_flag, "0");
    assert_slice(event.mid_setl_flag, "1");
    assert_slice(event.gend, "-2.50");
    assert_slice(event.med_type, NULL);
    assert_slice(event.insutype, NULL);
    assert_int_equal(event.setl_time_s, DATE_ABSENT);
    assert_int_equal(event.brdy_day, INT32_MIN);
    assert_int_equal(event.begntime_s, DATE_ABSENT);
    assert_int_equal(event.diagnoses_size, 1);
    assert_slice(event.diagnoses[0].diag_code, "123");
    assert_int_equal(event.lines_size, 2);
    assert_int_equal(event.lines[0].has & (LINE_HAS_PRD_DAYS | LINE_HAS_CNT), LINE_HAS_CNT);
    assert_slice(event.lines[0].med_chrgitm_type, "9");
    assert_int_equal(event.lines[1].has & LINE_HAS_PRD_DAYS, 0);
  }
  refuse(SETL(",\"gend\":01", ""), REJECT_NOT_JSON, "body.setlinfo.gend");
  refuse(SETL(",\"gend\":truth", ""), REJECT_NOT_JSON, "body.setlinfo.gend");
  refuse(SETL(",\"gend\":[1,]", ""), REJECT_NOT_JSON, "body.setlinfo.gend[1]");
  refuse(SETL(",\"init_setl_id\":5", ""), REJECT_WRONG_TYPE, "body.setlinfo.init_setl_id");
}

static void fees_name_their_settlement_and_visit_wherever_they_stand(void **state) {
  (void)state;
  accept(MESSAGE("FEE", "\"setlinfo\":{\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\"},\"feedetail\":[{\"feedetl_sn\":\"1\"}]"));
  assert_slice(event.setl_id, "S1");
  assert_slice(event.mdtrt_id, "M1");
  accept(MESSAGE("FEE",
                 "\"feedetail\":[{\"feedetl_sn\":\"1\",\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\"},{\"feedetl_sn\":\"2\","
                 "\"mdtrt_id\":\"M1\"}]"));
  assert_slice(event.setl_id, "S1");
  assert_slice(event.mdtrt_id, "M1");
  accept(
      "{\"msg_id\":\"m1\",\"msg_type\":\"FEE\",\"mdtrtarea_admvs\":\"620100\",\"fixmedins_code\":\"H1\",\"event_time\":"
      "\"2026-03-09\","
      "\"recv_time\":\"2026-03-09\",\"ver\":1,\"body\":{\"mdtrt_id\":\"M1\",\"feedetail\":[]}}");
  assert_slice(event.setl_id, NULL);    // of a running stay: no settlement, no person needed
  refuse(MESSAGE("FEE", "\"feedetail\":[{\"feedetl_sn\":\"1\",\"mdtrt_id\":\"M1\"},{\"feedetl_sn\":\"2\"}]"),
         REJECT_MISSING_KEY, "body.feedetail[1].mdtrt_id");
  refuse(MESSAGE("FEE", "\"feedetail\":[]"), REJECT_MISSING_KEY, "body.mdtrt_id");
  refuse(MESSAGE("FEE", "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"setlinfo\":{\"setl_id\":\"S2\"}"), REJECT_KEY_MISMATCH,
         "body.setlinfo.setl_id");
  refuse(
      "{\"msg_id\":\"m1\",\"msg_type\":\"FEE\",\"mdtrtarea_admvs\":\"620100\",\"fixmedins_code\":\"H1\",\"event_time\":"
      "\"2026-03-09\","
      "\"recv_time\":\"2026-03-09\",\"ver\":1,\"body\":{\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\"}}",
      REJECT_MISSING_KEY, "psn_no");
}

static void the_settlement_list_tells_of_the_stay(void **state) {
  (void)state;
  accept(MESSAGE(
      "LIST",
      "\"setlinfo\":{\"setl_id\":\"S1\",\"adm_way\":\"1\",\"adm_time\":\"2026-03-01 08:00:00\",\"dscg_time\":\"2026-03-04\","
      "\"adm_caty\":\"A01\",\"dscg_caty\":\"A02\",\"days_rinp_flag_31\":\"2\",\"dscg_way\":\"5\",\"hi_paymtd\":\"3\"},"
      "\"diseinfo\":[{\"diag_code\":\"A00\"}],\"feedetail\":17"));
  assert_slice(event.setl_id, "S1");
  assert_slice(event.mdtrt_id, NULL);
  assert_int_equal(event.begntime_s, seconds("2026-03-01 08:00:00"));
  assert_true(event.endtime_day_only);
  assert_slice(event.adm_dept_codg, "A01");
  assert_slice(event.dscg_dept_codg, "A02");
  assert_slice(event.adm_way, "1");
  assert_slice(event.dscg_way, "5");
  assert_slice(event.days_rinp_flag_31, "2");
  assert_slice(event.hi_paymtd, "3");
  assert_int_equal(event.diagnoses_size, 1);
  assert_int_not_equal(event.content, 0);
}

static void other_messages_need_their_envelope_only(void **state) {
  (void)state;
  accept(
      "{\"msg_id\":\"m1\",\"msg_type\":\"ADMIT\",\"mdtrtarea_admvs\":\"620100\",\"fixmedins_code\":\"H1\",\"event_time\":"
      "\"2026-03-09\","
      "\"recv_time\":\"2026-03-09\",\"ver\":1,\"body\":{\"setlinfo\":[1],\"setlinfo\":2}}");
  assert_int_equal(event.type, EVENT_ADMIT);
  assert_int_equal(event.content, 0);
  accept(
      "{\"msg_id\":\"t\",\"msg_type\":\"TICK\",\"event_time\":\"2026-03-09\",\"recv_time\":\"2026-03-09\",\"ver\":1,"
      "\"body\":{}}");
  assert_int_equal(event.type, EVENT_TICK);
  assert_int_equal(event.event_time_s, seconds("2026-03-09"));
  accept(MESSAGE("SETL_CANCEL", "\"setlinfo\":{\"setl_id\":\"S1\"},\"feedetail\":{}"));
  assert_slice(event.setl_id, "S1");
  accept("{\"msg_id\":\"d\",\"msg_type\":\"DOSSIER\",\"psn_no\":\"p\",\"event_time\":\"2026-03-09\",\"recv_time\":\"2026-03-09\",\"ver\":1,"
         "\"body\":{\"dossier\":\"U1cD\"}}");
  assert_int_equal(event.type, EVENT_DOSSIER);
  assert_slice(event.dossier, "U1cD");
  for (unsigned type = 0; type < EVENT_DOSSIER; type++) {
    char message[1024];
    snprintf(message, sizeof message, MESSAGE("%s", "\"mdtrt_id\":\"M1\",\"setlinfo\":{" SETLINFO "}"),
             event_type_name((enum event_type)type));
    accept(message);
    assert_int_equal(event.type, type);
  }
}

static void times_outside_their_window_are_absent(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool present;
  } times[] = {{"1990-01-01 00:00:00", true},      {"1989-12-31 23:59:59", false}, {"2026-03-11 10:11:12", true},
               {"2026-03-11 10:11:13", false},     {"9999-12-31", false},          {"2026-02-29 00:00:00", false},
               {"2024-02-29 23:59:59", true},      {"2026-03-09 24:00:00", false}, {"2026-03-09 10:60:00", false},
               {"2026-03-09x10:00:00", false},     {"2026-03-0910:00:00:", false}, {" 2026-03-09 ", true},
               {"2026-03-09\\u002010:00:00", true}};
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    char message[1024];
    snprintf(message, sizeof message, LINE1(",\"fee_ocur_time\":\"%s\""), times[i].text);
    accept(message);
    assert_int_equal(event.lines[0].fee_ocur_time_s != DATE_ABSENT, times[i].present);
  }
  accept(SETL(",\"brdy\":\"1870-01-01\"", ""));
  assert_int_equal(event.brdy_day, date_from_civil(1870, 1, 1));
  accept(SETL(",\"brdy\":\"1869-12-31\"", ""));
  assert_int_equal(event.brdy_day, INT32_MIN);
  struct decode_limits limits = decode_limits_default;
  limits.date_window = false;
  struct decoder *usual = decoder;
  decoder = decoder_create(&limits);
  accept(SETL(",\"brdy\":\"1869-12-31\",\"setl_time\":\"9999-12-31 00:00:00\"", ""));
  assert_int_equal(event.brdy_day, date_from_civil(1869, 12, 31));
  assert_int_equal(event.setl_time_s, seconds("9999-12-31"));
  decoder_destroy(decoder);
  decoder = usual;
}

static void escapes_are_undone(void **state) {
  (void)state;
  accept(SETL(",\"gend\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
              ",\"diseinfo\":[{\"diag_code\":\"\\u0041\\u00e9\\u8111\\ud83d\\uDE00\"}]"));
  assert_slice(event.gend, "\"\\/\b\f\n\r\t");
  assert_slice(event.diagnoses[0].diag_code, "A\xc3\xa9脑\xf0\x9f\x98\x80");
  accept(SETL(",\"g\\u0065nd\":\"2\"", ""));
  assert_slice(event.gend, "2");
  refuse(SETL(",\"gend\":\"1\",\"g\\u0065nd\":\"2\"", ""), REJECT_DUPLICATE_KEY, "body.setlinfo.g\\u0065nd");
  refuse(SETL(",\"x\":\"\\u00g0\"", ""), REJECT_NOT_JSON, "body.setlinfo.x");
  refuse(SETL(",\"gend\":\"\\ud83d\\ud83d\"", ""), REJECT_NOT_JSON, "body.setlinfo.gend");
  refuse(SETL(",\"gend\":\"\\ude00\"", ""), REJECT_NOT_JSON, "body.setlinfo.gend");
  refuse(SETL("", ",\"feedetail\":[{\"feedetl_sn\":\"1\\u0000\"}]"), REJECT_BAD_ID, "body.feedetail[0].feedetl_sn");
}

static void limits_are_held(void **state) {
  (void)state;
  const struct decode_limits limits = {
      .record_bytes_max = 1000, .lines_max = 3, .depth_max = 6, .id_bytes_max = 4, .psn_bytes_max = 6, .date_window = true};
  struct decoder *usual = decoder;
  decoder = decoder_create(&limits);
  accept(SETL(
      "",
      ",\"feedetail\":[{\"feedetl_sn\":\"1\",\"drugtracinfo\":[{\"x\":1}]},{\"feedetl_sn\":\"2\"},{\"feedetl_sn\":\"3\"}]"));
  refuse(
      SETL("",
           ",\"feedetail\":[{\"feedetl_sn\":\"1\"},{\"feedetl_sn\":\"2\"},{\"feedetl_sn\":\"3\"},{\"feedetl_sn\":\"4\"}]"),
      REJECT_TOO_MANY_LINES, "body.feedetail[3]");
  refuse(SETL("", ",\"feedetail\":[{\"feedetl_sn\":\"1\",\"drugtracinfo\":[{\"x\":[]}]}]"), REJECT_TOO_DEEP,
         "body.feedetail[0].drugtracinfo[0].x");
  refuse(SETL(",\"x\":[[[]]],\"y\":[[[[]]]]", ""), REJECT_TOO_DEEP, "body.setlinfo.y[0][0][0]");
  refuse(SETL(",\"init_setl_id\":\"S1234\"", ""), REJECT_BAD_ID, "body.setlinfo.init_setl_id");
  accept(SETL(",\"init_setl_id\":\"S123\",\"psn_no\":\"p_1\"", ""));
  char large[1200];
  snprintf(large, sizeof large, SETL(",\"x\":\"%0*d\"", ""), 1000 - (int)sizeof SETL(",\"x\":\"\"", "") + 1, 0);
  assert_int_equal(strlen(large), 1000);
  accept(large);
  snprintf(large, sizeof large, SETL(",\"x\":\"%0*d\"", ""), 1001 - (int)sizeof SETL(",\"x\":\"\"", "") + 1, 0);
  refuse(large, REJECT_TOO_LARGE, "body");
  assert_int_equal(failure.offset, 1000);
  assert_slice(event.psn_no, "p_1");
  decoder_destroy(decoder);
  decoder = usual;
}

static void nothing_and_white_space_are_empty(void **state) {
  (void)state;
  refuse("", REJECT_EMPTY, "");
  refuse(" \t\r\n", REJECT_EMPTY, "");
  refuse("\xef\xbb\xbf", REJECT_NOT_UTF8, "");
}

static void a_dead_letter_is_keyed_when_its_ids_can_be_read(void **state) {
  (void)state;
  refuse("{\"fixmedins_code\":\"H1\",\"psn_no\":\"p_1\",\"ver\":1,}", REJECT_NOT_JSON, "");
  assert_slice(event.psn_no, "p_1");
  assert_slice(event.fixmedins_code, "H1");
  assert_int_equal(event.raw.size, 47);
  refuse("{\"ver\":}", REJECT_NOT_JSON, "ver");
  assert_slice(event.psn_no, NULL);
  refuse("{\"psn_no\":\"p_1\",\"x\":\"\xff\",\"fixmedins_code\":\"H1\"}", REJECT_NOT_UTF8, "x");
  assert_slice(event.psn_no, "p_1");
  assert_slice(event.fixmedins_code, NULL);    // what stands behind bytes that are no text is not trusted
  refuse("{\"ver\":0,\"x\":{\"psn_no\":\"p_2\"},\"psn_no\":\"p_1\",\"fixmedins_code\":\"H1\"}", REJECT_BAD_VERSION, "ver");
  assert_slice(event.psn_no, "p_1");
  assert_slice(event.fixmedins_code, "H1");
  refuse("{\"psn_no\":\"null\",\"fixmedins_code\":\"\\u0048\",\"ver\":0}", REJECT_BAD_VERSION, "ver");
  assert_slice(event.psn_no, NULL);
  assert_slice(event.fixmedins_code, NULL);
  assert_int_equal(event.event_time_s, DATE_ABSENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_settlement_is_decoded_whole),
      cmocka_unit_test(absent_is_absent_however_it_is_written),
      cmocka_unit_test(second_spellings_are_the_same_keys),
      cmocka_unit_test(the_order_of_keys_does_not_matter),
      cmocka_unit_test(content_is_that_of_the_minified_body),
      cmocka_unit_test(trace_codes_come_in_three_shapes_and_each_once),
      cmocka_unit_test(of_several_entries_to_intensive_care_one_lies_in_the_stay),
      cmocka_unit_test(what_is_no_key_may_have_another_type),
      cmocka_unit_test(fees_name_their_settlement_and_visit_wherever_they_stand),
      cmocka_unit_test(the_settlement_list_tells_of_the_stay),
      cmocka_unit_test(other_messages_need_their_envelope_only),
      cmocka_unit_test(times_outside_their_window_are_absent),
      cmocka_unit_test(escapes_are_undone),
      cmocka_unit_test(limits_are_held),
      cmocka_unit_test(nothing_and_white_space_are_empty),
      cmocka_unit_test(a_dead_letter_is_keyed_when_its_ids_can_be_read),
  };
  return RUN_BOTH(tests);
}
