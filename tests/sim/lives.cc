#include "lives.h"

#include "base/marks.h"
#include "stored_state.h"

namespace sim
{

Lives::Lives(const Topics &t) : topics(t)
{
}

const std::vector<Life> &Lives::of(const std::string &tp)
{
	auto &list = all[tp];

	if (list.empty())
		list.emplace_back();
	return list;
}

/* Arguments of commit.lua: the number of partitions is the twelfth, each has eight from the thirteenth on. */
void Lives::on_commit(const Call &call)
{
	for (size_t i = 0, at = 12; i < std::stoul(call.args[11]); i++, at += 8) {
		const std::string &tp = call.args[at], &marks = call.args[at + 7];
		Position from = parse_position(call.args[at + 2]), to = parse_position(call.args[at + 3]);
		size_t space = marks.find(' ');
		auto &list = all[tp];

		if ((int64_t)list.size() < to.inc + 1)
			list.resize((size_t)to.inc + 1);
		Life &life = list[(size_t)to.inc];
		life.erase(life.lower_bound(from.offset), life.lower_bound(to.offset));
		for (size_t k = 0;
		     space != std::string::npos && space + 1 + k * NPSD_MARK_BYTES < marks.size(); k++) {
			struct npsd_mark m =
			    npsd_marks_at(marks.data() + space + 1, std::stoll(marks.substr(0, space)), k);
			auto record = topics.by_hash.find({tp, m.hash});

			if (record == topics.by_hash.end() || m.offset < from.offset || m.offset >= to.offset)
				throw Violation(tp + ": a commit has a mark of no record");
			life[m.offset] = record->second;
			life[m.offset].offset = m.offset;
		}
	}
}

} // namespace sim
