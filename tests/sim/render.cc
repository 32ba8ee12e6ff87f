#include <cstdio>
#include <ctime>

#include "events.h"

namespace sim
{

static std::string quote(const std::string &s)
{
	std::string out = "\"";

	for (char c : s) {
		char text[8];

		if (c == '"' || c == '\\') {
			out += '\\';
			out += c;
		} else if ((unsigned char)c < 0x20) {
			snprintf(text, sizeof text, "\\u%04x", c);
			out += text;
		} else {
			out += c;
		}
	}
	return out + "\"";
}

static std::string rfc3339(int64_t ms, Rng &rng)
{
	int64_t shift_min = rng.chance(0.5) ? 0 : rng.between(-14 * 60, 14 * 60);
	time_t s = (time_t)(ms / 1000 + shift_min * 60);
	struct tm tm;
	char text[80];
	size_t n;

	gmtime_r(&s, &tm);
	n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(text + n, sizeof text - n, ".%03d", (int)(ms % 1000));
	if (shift_min == 0)
		snprintf(text + n, sizeof text - n, "Z");
	else
		snprintf(text + n, sizeof text - n, "%c%02d:%02d", shift_min < 0 ? '-' : '+',
		    (int)(std::abs(shift_min) / 60), (int)(std::abs(shift_min) % 60));
	return text;
}

static std::string time_text(int64_t ms, Rng &rng)
{
	switch (rng.below(3)) {
	case 0:
		return std::to_string(ms);
	case 1:
		return quote(std::to_string(ms));
	default:
		return quote(rfc3339(ms, rng));
	}
}

static std::string score_text(int score, Rng &rng)
{
	switch (rng.below(4)) {
	case 0:
		return quote(std::to_string(score));
	case 1:
		return std::to_string(score) + ".0";
	default:
		return std::to_string(score);
	}
}

static std::string list_text(const std::vector<std::string> &v)
{
	std::string out = "[";

	for (auto &s : v)
		out += (out.size() > 1 ? "," : "") + quote(s);
	return out + "]";
}

/* A location may be told with empty levels. */
static std::string location_text(const std::string &path, Rng &rng)
{
	if (!rng.chance(0.2))
		return quote(path);
	std::string out = "/";
	for (char c : path)
		out += c == '/' ? std::string("//") : std::string(1, c);
	return quote(out + "/");
}

std::string render_event(const Event &e, Rng &rng)
{
	std::vector<std::string> fields;
	auto add = [&](const char *name, const std::string &text) {
		fields.push_back(quote(name) + ":" + text);
	};
	const Content &c = e.content;
	std::string out = "{";

	add("type", quote("response.submitted"));
	add("response_id", quote(e.id));
	add("score", c.score ? score_text(*c.score, rng) : "null");
	if (e.revision)
		add("revision", std::to_string(e.revision));
	if (e.updated_ms)
		add("updated_at", time_text(*e.updated_ms, rng));
	if (!e.time_field.empty())
		add(e.time_field.c_str(), time_text(e.event_ms, rng));
	if (!c.kind.empty())
		add("survey_kind", quote(c.kind));
	if (!c.location.empty())
		add("location", location_text(c.location, rng));
	for (auto &f : {std::make_pair("channel", &c.channel), std::make_pair("team", &c.team),
		 std::make_pair("owner", &c.owner), std::make_pair("comment", &c.comment)})
		if (!f.second->empty())
			add(f.first, quote(*f.second));
	if (!c.plan.empty())
		add("attributes", "{\"plan\":" + quote(c.plan) + ",\"seats\":12}");
	if (!c.themes.empty())
		add("themes", list_text(c.themes));
	if (rng.chance(0.3))
		add("scale", "[0,10]");
	if (rng.chance(0.3))
		add("metric", quote("nps"));
	while (!fields.empty()) {
		size_t i = (size_t)rng.below((int64_t)fields.size());

		out += (out.size() > 1 ? "," : "") + fields[i];
		fields.erase(fields.begin() + (long)i);
	}
	return out + "}";
}

} // namespace sim
