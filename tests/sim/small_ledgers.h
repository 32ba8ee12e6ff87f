/* Limits below the least that options allow, so that a short run reaches them. */
#ifndef NPSD_SIM_SMALL_LEDGERS_H
#define NPSD_SIM_SMALL_LEDGERS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct npsd_config;
/* Each worker's ledgers, of so many partitions at most, may take `bytes` more than they do when empty. */
void limit_ledgers(struct npsd_config *cfg, int workers, int partitions, int64_t bytes);

#ifdef __cplusplus
}
#endif

#endif
