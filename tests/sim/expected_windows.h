/* A second implementation of section 2 of the contract: the windows of a segment, from the panes of the
 * recount. */
#ifndef NPSD_SIM_EXPECTED_WINDOWS_H
#define NPSD_SIM_EXPECTED_WINDOWS_H

#include <map>
#include <string>

#include "recount.h"

namespace sim
{

/* The windows that the key of a segment must have at t; empty: the segment has no key. */
std::vector<Window> windows_of(const SegPanes &panes, const Setup &setup, int64_t t_ms);
/* How a window's JSON differs from the expected one; empty: it does not. */
std::string window_error(const std::string &json, const SegPanes &panes, const Window &w, const Setup &setup,
    int64_t t_ms, int64_t lost_ms);
/* nps_lo of a window that has at least min_n responses. */
std::optional<double> window_lo(const SegPanes &panes, const Window &w, int64_t t_ms, int64_t min_n);
/* Start of the window at t; its end is start + width. */
int64_t window_from_s(const Window &w, int64_t t_ms);

} // namespace sim

#endif
