#include "npsd/event.h"

#include "npsd/headers.h"

const char *const npsd_reason_names[NPSD_NREASON] = {
    [NPSD_R_ok] = "ok",
#define FATE(fate)
#define REASON(fate, name, meaning) [NPSD_R_##name] = #name,
#include "tbl/fates.def"
#undef REASON
};

const char *const npsd_reason_meanings[NPSD_NREASON] = {
#define REASON(fate, name, meaning) [NPSD_R_##name] = (meaning),
#include "tbl/fates.def"
#undef REASON
};

const uint8_t npsd_reason_fate[NPSD_NREASON] = {
    [NPSD_R_ok] = NPSD_F_counted,
#define REASON(fate, name, meaning) [NPSD_R_##name] = NPSD_F_##fate,
#include "tbl/fates.def"
#undef FATE
#undef REASON
};

const char *const npsd_fate_names[NPSD_NFATE] = {
#define FATE(fate) [NPSD_F_##fate] = #fate,
#define REASON(fate, name, meaning)
#include "tbl/fates.def"
#undef FATE
#undef REASON
};

const char *const npsd_type_names[NPSD_NTYPE] = {
#define X(id, name, counter) [NPSD_T_##id] = (name),
#include "tbl/types.def"
#undef X
};

const char *const npsd_header_names[NPSD_NHEADER] = {
    [NPSD_HEADER_CONTENT_TYPE] = "content-type",
    [NPSD_HEADER_CE_TYPE] = "ce_type",
    [NPSD_HEADER_CE_SUBJECT] = "ce_subject",
    [NPSD_HEADER_CE_TIME] = "ce_time",
};

/* NPSD_T_INVITED + i is stage i, whose counter is NPSD_C_FIRST_STAGE + i. */
#define X(id, name, counter)                                                                                 \
	_Static_assert((int)(counter) == (NPSD_T_##id < NPSD_T_INVITED                                       \
						 ? (int)NPSD_NCOUNTER                                        \
						 : NPSD_C_FIRST_STAGE + (int)NPSD_T_##id - NPSD_T_INVITED),  \
	    "types.def: responses first, then the stages in the order of counters.def: " #id);
#include "tbl/types.def"
#undef X
_Static_assert(NPSD_NTYPE - NPSD_T_INVITED == NPSD_NSTAGE, "a stage of counters.def has no row in types.def");
_Static_assert(NPSD_T_INVITED == 3, "a new type of response needs a rule in validate.c and in the ledger");
