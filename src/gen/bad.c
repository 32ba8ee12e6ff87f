/* A row with two fields has two errors: npsd must report the first in the order of the contract. */
#include "gen/draft.h"

#define REJ(r) .intent = GEN_REJECTED, .reason = (r)
#define IGN(r) .intent = GEN_IGNORED, .reason = (r)
#define IN(f, t) .field = GEN_F_##f, .text = (t), .field2 = GEN_F_NONE
#define IN2(f, t, f2, t2) .field = GEN_F_##f, .text = (t), .field2 = GEN_F_##f2, .text2 = (t2)
#define ALL .field = GEN_F_NONE, .field2 = GEN_F_NONE
#define LONG(f, bytes) .field = GEN_F_##f, .field2 = GEN_F_NONE, .damage = GEN_DAMAGE_LONG, .n = (bytes)

#define OF(t) .type = GEN_##t
#define CE .envelope = GEN_STRUCTURED

static const struct gen_bad rows[] = {
    {IGN("tombstone"), ALL, .damage = GEN_DAMAGE_NULL},
    {REJ("bad_utf8"), IN(COMMENT, "\"caf\xe9\"")},
    {REJ("bad_utf8"), IN(COMMENT, "\"\xc0\xaf\"")},
    {REJ("bad_utf8"), IN(LOCATION, "\"north/\xed\xa0\x80\"")},
    {REJ("bad_utf8"), IN(ID, "\"\xff\""), .damage = GEN_DAMAGE_CUT},
    {REJ("bad_json"), ALL, .damage = GEN_DAMAGE_CUT},
    {REJ("bad_json"), ALL, .damage = GEN_DAMAGE_EMPTY},
    {REJ("bad_json"), ALL, .damage = GEN_DAMAGE_APPEND, .tail = "}"},
    {REJ("bad_json"), ALL, .damage = GEN_DAMAGE_APPEND, .tail = " {}"},
    {REJ("bad_json"), ALL, .damage = GEN_DAMAGE_PREPEND, .tail = "\xef\xbb\xbf"},
    {REJ("bad_json"), ALL, .damage = GEN_DAMAGE_PREPEND, .tail = "["},
    {REJ("bad_json"), IN(COMMENT, "\"bell \x07\"")},
    {REJ("bad_json"), IN(COMMENT, "\"half a pair \\ud83d\"")},
    {REJ("bad_json"), IN(COMMENT, "'single'")},
    {REJ("bad_json"), IN(SCORE, "09")},
    {REJ("bad_json"), IN(SCORE, "NaN")},
    {REJ("bad_json"), IN(EXTRA, "{\"a\":1,}")},
    {REJ("bad_json"), .field = GEN_F_EXTRA, .field2 = GEN_F_NONE, .damage = GEN_DAMAGE_DEEP, .n = 257},
    {REJ("unknown_type"), IN(TYPE, NULL)},
    {REJ("unknown_type"), IN(TYPE, "\"response.created\"")},
    {REJ("unknown_type"), IN2(TYPE, "7", ID, NULL)},
    {REJ("unknown_type"), IN(TYPE, "\"survey.clicked\""), OF(OPENED)},
    {IGN("not_counted"), IN2(TYPE, "\"case.closed\"", SCORE, "99")},
    {IGN("not_counted"), IN(TYPE, "\"review.posted\"")},
    {IGN("not_counted"), IN(TYPE, "\"customer.merged\"")},
    {IGN("not_counted"), IN2(TYPE, "\"signal.raised\"", ID, NULL)},
    {IGN("other_metric"), IN(METRIC, "\"csat\"")},
    {IGN("other_metric"), IN2(METRIC, "\"ces\"", SCORE, "42")},
    {REJ("no_id"), IN(ID, NULL)},
    {REJ("no_id"), IN(ID, "\"\"")},
    {REJ("no_id"), IN2(ID, "12345", SCORE, NULL)},
    {REJ("no_id"), LONG(ID, 129)},
    {REJ("no_id"), IN(ID, NULL), OF(UPDATED)},
    {REJ("no_id"), IN2(ID, "null", UPDATED, "\"n/a\""), OF(RETRACTED)},
    {REJ("no_id"), IN2(ID, NULL, KIND, NULL), OF(INVITED)},
    {REJ("no_id"), LONG(ID, 129), OF(BOUNCED)},
    {REJ("bad_field"), IN(REVISION, "0")},
    {REJ("bad_field"), IN(REVISION, "1.5")},
    {REJ("bad_field"), IN(REVISION, "\"2\"")},
    {REJ("bad_field"), IN(REVISION, "9223372036854775808")},
    {REJ("bad_field"), IN(KIND, "\"pulse\"")},
    {REJ("bad_field"), IN(LOCATION, "[\"north\",\"lisbon\"]")},
    {REJ("bad_field"), IN(LOCATION, "\"1/2/3/4/5/6/7/8/9\"")},
    {REJ("bad_field"), IN(THEMES, "\"price\"")},
    {REJ("bad_field"), IN2(THEMES, "[\"price\",3]", KIND, NULL)},
    {REJ("bad_field"), IN(COMMENT, "404")},
    {REJ("bad_field"), IN2(EXCLUDED, "\"maybe\"", SCORE, "11")},
    {REJ("bad_field"), LONG(RESPONDENT, 257)},
    {REJ("bad_field"), IN2(REVISION, "0", SCORE, "11"), OF(UPDATED)},
    {REJ("bad_field"), IN(THEMES, "[\"price\",null]"), OF(UPDATED)},
    {REJ("bad_field"), IN(REVISION, "1e1"), OF(RETRACTED)},
    {REJ("bad_field"), IN2(KIND, "7", LOCATION, NULL), OF(DELIVERED)},
    {REJ("bad_field"), LONG(LISTS, 257), OF(OPENED)},
    {REJ("no_time"), IN(TIME, "\"yesterday\"")},
    {REJ("no_time"), IN(TIME, "\"2026-02-30T10:00:00Z\"")},
    {REJ("no_time"), IN(TIME, "\"2026-03-01T10:00:60Z\"")},
    {REJ("no_time"), IN2(TIME, "\"2026-03-01T10:00:00\"", KIND, NULL)},
    {REJ("no_time"), IN(UPDATED, "\"last week\"")},
    {REJ("no_time"), IN(TIME, "1e999")},
    {REJ("no_time"), IN(UPDATED, "\"\""), OF(UPDATED)},
    {REJ("no_time"), IN2(TIME, "\"soon\"", KIND, NULL), OF(UPDATED)},
    {REJ("no_time"), IN(UPDATED, "[]"), OF(RETRACTED)},
    {REJ("no_time"), IN(TIME, "\"2026-13-01T00:00:00Z\""), OF(RETRACTED)},
    {REJ("no_time"), IN2(TIME, "\"10:00\"", LOCATION, NULL), OF(DECLINED)},
    {REJ("future"), ALL, .damage = GEN_DAMAGE_FUTURE},
    {REJ("future"), ALL, .damage = GEN_DAMAGE_FUTURE, OF(UPDATED)},
    {REJ("future"), ALL, .damage = GEN_DAMAGE_FUTURE, OF(RETRACTED)},
    {REJ("future"), IN(KIND, NULL), .damage = GEN_DAMAGE_FUTURE, OF(UNSUBSCRIBED)},
    {REJ("future"), IN(SCORE, "11"), .damage = GEN_DAMAGE_FUTURE},
    {REJ("no_kind"), IN(KIND, NULL)},
    {REJ("no_kind"), IN2(KIND, "null", LOCATION, NULL)},
    {REJ("no_kind"), IN2(KIND, NULL, LOCATION, NULL), OF(INVITED)},
    {REJ("no_location"), IN(LOCATION, "\"//\""), OF(DELIVERED)},
    {REJ("no_location"), IN(LOCATION, NULL)},
    {REJ("no_location"), IN2(LOCATION, "null", SCALE, "[1,5]")},
    {REJ("wrong_scale"), IN(SCALE, "[1,10]")},
    {REJ("wrong_scale"), IN2(SCALE, "[0,5]", SCORE, "11")},
    {REJ("wrong_scale"), IN(SCALE, "\"0-10\""), OF(UPDATED)},
    {REJ("bad_score"), IN(SCORE, "\"\""), OF(UPDATED)},
    {REJ("out_of_range"), IN(SCORE, "11"), OF(UPDATED)},
    {REJ("bad_score"), IN(SCORE, NULL)},
    {REJ("bad_score"), IN(SCORE, "7.5")},
    {REJ("bad_score"), IN(SCORE, "\"07\"")},
    {REJ("bad_score"), IN(SCORE, "\"nine\"")},
    {REJ("bad_score"), IN(SCORE, "true")},
    {REJ("out_of_range"), IN(SCORE, "11")},
    {REJ("out_of_range"), IN(SCORE, "-1")},
    {REJ("out_of_range"), IN(SCORE, "\"100\"")},
    {REJ("out_of_range"), IN(SCORE, "1e999")},
    {REJ("bad_json"), IN(CE_DATA, NULL), CE},
    {REJ("bad_json"), IN(CE_DATA, "\"{}\""), CE},
    {REJ("bad_json"), IN(CE_DATA, "[]"), CE, OF(INVITED)},
    {REJ("unknown_type"), IN(CE_TYPE, "\"com.example.answer\""), CE},
    {REJ("no_id"), IN(CE_SUBJECT, NULL), CE},
    {REJ("no_id"), IN(CE_SUBJECT, "\"\""), CE, OF(OPENED)},
    {REJ("no_time"), IN2(CE_TIME, "\"now\"", TIME, NULL), CE, OF(DELIVERED)},
    {REJ("no_kind"), IN2(CE_TIME, "\"now\"", KIND, NULL), CE},
};
#define NROWS (sizeof(rows) / sizeof(*rows))
#define ROUNDS_PER_TOO_BIG 10

static const struct gen_bad too_big = {REJ("too_big"), LONG(COMMENT, 262144)};

const struct gen_bad *gen_bad_row(uint64_t i)
{
	return i % (NROWS * ROUNDS_PER_TOO_BIG) == NROWS / 2 ? &too_big : &rows[i % NROWS];
}
