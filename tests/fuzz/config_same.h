/* What must hold for any bytes given to the configuration reader; the driver and the fuzzer share it. */
#ifndef CONFIG_SAME_H
#define CONFIG_SAME_H

#include <stdbool.h>
#include <stddef.h>

/* Reads the bytes as a file and as one --set; true where the file was accepted. Ends the process where a
 * property fails. */
bool config_same(const char *data, size_t n);

#endif
