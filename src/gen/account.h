/*
 * The account: the records sent and their meaning, in the order of sending, one JSON object per line. The
 * first line holds the options, the last one sums; each line between is one record:
 *
 *   {"seq":7,"id":"resp-1","intent":"edits","record_ms":…,"type":"response.updated","event_ms":…,"at_ms":…,"is":{…},"was":{…}}
 *   {"seq":8,"id":"resp-2","intent":"rejected:no_kind","record_ms":…}
 *
 * event_ms is the event time of the response (or of the stage), at_ms (absent if equal) that of the record's
 * alert. `is` is the content after the record, with the field names of the contract, in canonical form
 * (location without empty levels, no theme twice), and `has_comment`; it is absent after a withdrawal, of
 * which `excluded` is the kind. `was` is the content before an edit or a withdrawal. The comment, the
 * respondent and the value `__none__` are present only if the record itself mentions them.
 */
#ifndef GEN_ACCOUNT_H
#define GEN_ACCOUNT_H

#include "gen/types.h"

struct gen_account;

/* first: the first line. Thread: main; Owns: the caller closes; Fails: NPSD_RETRY */
struct gen_account *gen_account_open(struct npsd_err *err, const char *file, const char *first);
/* Thread: main; Fails: NPSD_RETRY if the write fails */
bool gen_account_add(struct gen_account *account, struct npsd_err *err, const struct gen_catalog *world,
    const struct gen_record *rec);
/* Writes the sums and closes. Thread: main; Fails: NPSD_RETRY */
bool gen_account_close(struct gen_account **account, struct npsd_err *err);

#endif
