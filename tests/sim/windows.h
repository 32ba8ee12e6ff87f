/* Section 2 of the contract once more: a segment's windows, summed over the recount's panes. */
#ifndef NPSD_SIM_WINDOWS_H
#define NPSD_SIM_WINDOWS_H

#include <map>
#include <string>

#include "recount.h"

namespace sim
{

/* The windows that must stand in a segment's key at t; empty: it has none. */
std::vector<Window> windows_of(const SegPanes &panes, const Setup &setup, int64_t t_ms);
/* What is wrong with a window's JSON; empty: nothing. */
std::string window_fault(
    const std::string &json, const SegPanes &panes, const Window &w, const Setup &setup, int64_t t_ms);
/* nps_lo of a window that has so many answers. */
std::optional<double> window_lo(const SegPanes &panes, const Window &w, int64_t t_ms, int64_t min_n);
/* Start of the window at t; its end is start + width. */
int64_t window_from_s(const Window &w, int64_t t_ms);

} // namespace sim

#endif
