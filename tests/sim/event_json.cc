/* Writes a generated event as JSON. */
#include <cstdio>
#include <ctime>

#include "events.h"

namespace sim
{

std::string render_text(const std::string &s)
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
		return render_text(std::to_string(ms));
	default:
		return render_text(rfc3339(ms, rng));
	}
}

static std::string score_text(int score, Rng &rng)
{
	switch (rng.below(4)) {
	case 0:
		return render_text(std::to_string(score));
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
		out += (out.size() > 1 ? "," : "") + render_text(s);
	return out + "]";
}

/* A location may be written with empty levels. */
static std::string location_text(const std::string &path, Rng &rng)
{
	if (!rng.chance(0.2))
		return render_text(path);
	std::string out = "/";
	for (char c : path)
		out += c == '/' ? std::string("//") : std::string(1, c);
	return render_text(out + "/");
}

static const char *type_text(const Event &e, Rng &rng)
{
	static const char *const types[] = {"response.submitted", "response.updated", "response.retracted",
	    "survey.invited", "survey.delivered", "survey.opened", "survey.declined", "survey.bounced",
	    "survey.unsubscribed"};

	if (e.excluded)
		return types[rng.below(2)];
	return types[(size_t)e.type];
}

namespace
{

/* The fields of one object, in any order. */
class Fields
{
      public:
	explicit Fields(Rng &r) : rng(r)
	{
	}
	void add(const char *name, const std::string &text)
	{
		fields.push_back(render_text(name) + ":" + text);
	}
	/* A field that is not mentioned is absent or null. */
	void add_text(const char *name, const std::optional<std::string> &value)
	{
		if (value)
			add(name, render_text(*value));
		else if (rng.chance(0.1))
			add(name, "null");
	}
	/* One of the texts, or nothing. */
	void add_some(const char *name, const std::vector<std::string> &texts)
	{
		if (rng.chance(0.15))
			add(name, rng.pick(texts));
	}
	std::string object()
	{
		std::string out = "{";

		while (!fields.empty()) {
			size_t i = (size_t)rng.below((int64_t)fields.size());

			out += (out.size() > 1 ? "," : "") + fields[i];
			fields.erase(fields.begin() + (long)i);
		}
		return out + "}";
	}

      private:
	Rng &rng;
	std::vector<std::string> fields;
};

} // namespace

/* Fields that npsd must not read in an event of this type: they may hold anything. */
static void add_unused(Fields &to, const Event &e)
{
	if (e.type == Type::RETRACTED) {
		to.add_some("score", {"\"many\"", "99", "null", "3"});
		to.add_some("scale", {"[1,5]", "[0,10]"});
		to.add_some("survey_kind", {"\"none of these\"", "7"});
		to.add_some("location", {"\"\"", "[]", "\"west\""});
		to.add_some("channel", {"12", "\"web\""});
		to.add_some("themes", {"\"price\"", "[3]"});
		to.add_some("comment", {"[]", "\"take it away\""});
	} else if (is_stage(e.type)) {
		to.add_some("score", {"\"many\"", "99", "null", "3"});
		to.add_some("scale", {"[1,5]", "[0,10]"});
		to.add_some("excluded", {"true", "\"true\"", "false"});
		to.add_some("updated_at", {"\"some time\"", "7"});
		to.add_some("responded_at", {"\"some time\"", "7"});
		to.add_some("comment", {"\"of nothing\""});
	} else {
		to.add_some("scale", {"[0,10]", "[0.0, 1e1]", "null"});
		to.add_some("excluded", {"false", "\"false\"", "null"});
		to.add_some("invited_at", {"\"some time\"", "7"});
	}
	if (e.time_field == "responded_at" || (is_stage(e.type) && e.time_field == "at"))
		to.add_some(is_stage(e.type) ? "invited_at" : "at", {"\"some time\"", "7"});
	to.add_some("metric", {"\"nps\"", "null"});
}

static void add_mentioned(Fields &to, const Mentioned &s, Rng &rng)
{
	if (s.score)
		to.add("score", *s.score ? score_text(**s.score, rng) : "null");
	to.add_text("survey_kind", s.kind);
	if (s.location && !s.location->empty())
		to.add("location", location_text(*s.location, rng));
	else
		to.add_text("location", s.location);
	to.add_text("channel", s.channel);
	to.add_text("team", s.team);
	to.add_text("owner", s.owner);
	to.add_text("comment", s.comment);
	if (s.plan)
		to.add("attributes", "{\"plan\":" + render_text(*s.plan) + ",\"seats\":12}");
	else
		to.add_some("attributes", {"null", "{}", "{\"plan\":null}", "{\"seats\":[]}"});
	if (s.themes)
		to.add("themes", list_text(*s.themes));
	else
		to.add_some("themes", {"null"});
}

std::string render_event(const Event &e, Rng &rng)
{
	Fields fields(rng);

	fields.add("type", render_text(type_text(e, rng)));
	fields.add(is_stage(e.type) ? "invitation_id" : "response_id", render_text(e.id));
	if (e.excluded)
		fields.add("excluded", rng.chance(0.5) ? "true" : "\"true\"");
	if (e.revision)
		fields.add("revision", std::to_string(e.revision));
	if (e.updated_ms)
		fields.add("updated_at", time_text(*e.updated_ms, rng));
	if (!e.time_field.empty())
		fields.add(e.time_field.c_str(), time_text(e.event_ms, rng));
	if (is_stage(e.type)) {
		Mentioned s = e.mentioned;

		s.score.reset();
		s.comment.reset();
		add_mentioned(fields, s, rng);
	} else if (e.type != Type::RETRACTED) {
		add_mentioned(fields, e.mentioned, rng);
	}
	add_unused(fields, e);
	return fields.object();
}

} // namespace sim
