#include "npsd/event.h"

const char *const npsd_reason_names[NPSD_NREASON] = {
    [NPSD_R_ok] = "ok",
#define FATE(fate)
#define REASON(fate, name, meaning) [NPSD_R_##name] = #name,
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

const uint8_t npsd_reason_fate[NPSD_NREASON] = {
    [NPSD_R_ok] = NPSD_F_counted,
#define FATE(fate)
#define REASON(fate, name, meaning) [NPSD_R_##name] = NPSD_F_##fate,
#include "tbl/fates.def"
#undef FATE
#undef REASON
};
