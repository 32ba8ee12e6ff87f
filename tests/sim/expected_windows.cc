#include "expected_windows.h"

#include <simdjson.h>

#include <cmath>

namespace sim
{

static constexpr double Z = 1.959963984540054;

int64_t window_from_s(const Window &w, int64_t t_ms)
{
	return floor_to(floor_to(t_ms, 1000) / 1000, w.step_s) + w.step_s - w.width_s;
}

/* A pane belongs to the step that holds its start. */
static Counters sum(const SegPanes &panes, int64_t step_s, int64_t from_s, int64_t to_s)
{
	Counters out = {};

	for (auto &p : panes) {
		int64_t start = floor_to(p.first, step_s);

		for (size_t c = 0; start >= from_s && start < to_s && c < COUNTERS; c++)
			out[c] += p.second[c];
	}
	for (auto &n : out)
		n = std::max<int64_t>(0, n); /* an edit may subtract what only a lost record added */
	return out;
}

std::vector<Window> windows_of(const SegPanes &panes, const Setup &setup, int64_t t_ms)
{
	std::vector<Window> out;

	for (auto &w : setup.windows) {
		int64_t from = window_from_s(w, t_ms);

		if (sum(panes, w.step_s, from, from + w.width_s) != Counters{} ||
		    sum(panes, w.step_s, from - w.width_s, from) != Counters{})
			out.push_back(w);
	}
	return out;
}

namespace
{

struct Shares {
	int64_t n = 0, p = 0, d = 0;
	explicit Shares(const Counters &v)
	{
		for (size_t s = 0; s <= 10; s++) {
			n += v[s];
			p += s >= 9 ? v[s] : 0;
			d += s <= 6 ? v[s] : 0;
		}
	}
	double mean() const
	{
		return (double)(p - d) / ((double)n + 3);
	}
	double var() const
	{
		return ((double)(p + d) + 1.5) / ((double)n + 3) - mean() * mean();
	}
	double half() const
	{
		return Z * std::sqrt(var() / ((double)n + 3));
	}
	double nps() const
	{
		return 100 * (double)(p - d) / (double)n;
	}
	double lo() const
	{
		return 100 * std::max(-1.0, mean() - half());
	}
	double hi() const
	{
		return 100 * std::min(1.0, mean() + half());
	}
};

/* The figures of a window. */
struct Expected {
	std::map<std::string, int64_t> whole;
	std::map<std::string, double> figure; /* compared with four decimals */
	std::vector<std::string> fragile;
	bool compares = false, significant = false;
};

} // namespace

std::optional<double> window_lo(const SegPanes &panes, const Window &w, int64_t t_ms, int64_t min_n)
{
	int64_t from = window_from_s(w, t_ms);
	Shares now(sum(panes, w.step_s, from, from + w.width_s));

	return now.n > 0 && now.n >= min_n ? std::optional<double>(now.lo()) : std::nullopt;
}

static void expect_figures(Expected &e, const Counters &now, const Shares &a, const Shares &b)
{
	double mean = 0, square = 0, n = (double)a.n;

	if (b.n)
		e.figure["prev_nps"] = b.nps();
	if (!a.n)
		return;
	for (size_t s = 0; s <= 10; s++)
		mean += (double)s * (double)now[s] / n;
	for (size_t s = 0; s <= 10; s++)
		square += ((double)s - mean) * ((double)s - mean) * (double)now[s] / n;
	e.figure["nps"] = a.nps();
	e.figure["nps_lo"] = a.lo();
	e.figure["nps_hi"] = a.hi();
	e.figure["mean"] = mean;
	e.figure["sd"] = std::sqrt(square);
	e.figure["promoter_share"] = (double)a.p / n;
	e.figure["passive_share"] = (double)(a.n - a.p - a.d) / n;
	e.figure["detractor_share"] = (double)a.d / n;
	if (!b.n)
		return;
	double z = (a.mean() - b.mean()) / std::sqrt(a.var() / (n + 3) + b.var() / ((double)b.n + 3));
	e.figure["delta"] = a.nps() - b.nps();
	e.figure["z"] = z;
	e.figure["p_value"] = std::erfc(std::fabs(z) / std::sqrt(2.0));
	e.compares = true;
	e.significant = e.figure["p_value"] < 0.05;
}

/* The response rate, with Wilson's interval. */
static void expect_rate(Expected &e, int64_t responses, int64_t invited)
{
	double n = (double)invited, p = (double)responses / n, z2 = Z * Z;

	if (invited == 0 || responses > invited)
		return;
	double half = Z * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
	e.figure["response_rate"] = p;
	e.figure["response_rate_lo"] = (p + z2 / (2 * n) - half) / (1 + z2 / n);
	e.figure["response_rate_hi"] = (p + z2 / (2 * n) + half) / (1 + z2 / n);
}

static Expected expect(
    const SegPanes &panes, const Window &w, const Setup &setup, int64_t t_ms, int64_t lost_ms)
{
	int64_t from = window_from_s(w, t_ms);
	Counters now = sum(panes, w.step_s, from, from + w.width_s),
		 before = sum(panes, w.step_s, from - w.width_s, from);
	Shares a(now), b(before);
	Expected e;

	e.whole = {{"n", a.n}, {"promoters", a.p}, {"detractors", a.d}, {"passives", a.n - a.p - a.d},
	    {"no_score", now[NO_SCORE]}, {"comments", now[COMMENTS]}, {"prev_n", b.n},
	    {"from_ms", from * 1000}, {"to_ms", (from + w.width_s) * 1000}, {"asof_ms", t_ms},
	    {"step_s", w.step_s}};
	size_t stage = INVITED;
	for (const char *name : {"invited", "delivered", "opened", "declined", "bounced", "unsubscribed"})
		e.whole[name] = now[stage++];
	expect_figures(e, now, a, b);
	expect_rate(e, a.n + now[NO_SCORE], now[DELIVERED] ? now[DELIVERED] : now[INVITED]);
	if (a.n < setup.fragile_few)
		e.fragile.push_back("few");
	if (a.n && (a.hi() - a.lo()) / 2 > 10)
		e.fragile.push_back("wide");
	if (e.figure.count("response_rate") && e.figure["response_rate"] < 0.1)
		e.fragile.push_back("low_rate");
	if (2 * a.n < b.n)
		e.fragile.push_back("volume_drop");
	if ((from - w.width_s) * 1000 < lost_ms) {
		e.fragile.push_back(from * 1000 < lost_ms ? "partial" : "partial_prev");
		for (const char *name : {"delta", "z", "p_value"})
			e.figure.erase(name);
		e.compares = false;
	}
	return e;
}

static std::string error_of(const simdjson::dom::object &o, Expected e, const Counters &scores)
{
	std::vector<std::string> fragile;
	std::vector<int64_t> got;

	for (auto field : o) {
		std::string name(field.key);

		if (name == "scores") {
			for (auto s : field.value.get_array())
				got.push_back(s.get_int64());
		} else if (name == "fragile") {
			for (auto s : field.value.get_array())
				fragile.emplace_back(std::string_view(s));
		} else if (name == "significant") {
			if (!e.compares || bool(field.value) != e.significant)
				return name;
		} else if (e.whole.count(name)) {
			if (int64_t(field.value) != e.whole[name])
				return name + " is " + std::to_string(int64_t(field.value)) + ", not " +
				       std::to_string(e.whole[name]);
			e.whole.erase(name);
		} else if (e.figure.count(name)) {
			if (std::fabs(double(field.value) - e.figure[name]) > 6e-5)
				return name + " is " + std::to_string(double(field.value)) + ", not " +
				       std::to_string(e.figure[name]);
			e.figure.erase(name);
		} else {
			return name + " is not expected";
		}
	}
	if (got.size() != 11 || !std::equal(got.begin(), got.end(), scores.begin()))
		return "scores";
	if (fragile != e.fragile)
		return "fragile";
	if (!e.whole.empty())
		return e.whole.begin()->first + " is missing";
	return e.figure.empty() ? "" : e.figure.begin()->first + " is missing";
}

std::string window_error(const std::string &json, const SegPanes &panes, const Window &w, const Setup &setup,
    int64_t t_ms, int64_t lost_ms)
{
	static simdjson::dom::parser parser;
	int64_t from = window_from_s(w, t_ms);
	simdjson::dom::object o;

	if (parser.parse(json).get(o))
		return "no JSON object";
	try {
		return error_of(
		    o, expect(panes, w, setup, t_ms, lost_ms), sum(panes, w.step_s, from, from + w.width_s));
	} catch (simdjson::simdjson_error &) {
		return "a value of the wrong type";
	}
}

} // namespace sim
