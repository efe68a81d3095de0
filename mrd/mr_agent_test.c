/* mr_agent_test.c - see mr_agent.h: who is asked next, as a table of stories. */
#include "mrd/mr_agent.h"

#include <stdlib.h>

#include "mrd/mr_test.h"

static struct in6_addr
agent(char name)
{
	char text[TEXT_ADDR_MAX];

	snprintf(text, sizeof(text), "2001:db8:100::%x", (unsigned)name);
	return addr_of(text);
}

/* "AB": home agents A and B, in that order. */
static struct mr_agents
agents(const char *names)
{
	struct mr_agents all = { 0 };

	for (; *names; names++)
		all.v[all.n++] = agent(*names);
	return all;
}

/*
 * A story is what was tried, and how it went: "Ae140" is home agent A in explicit mode with
 * status 140, "Bi-" is B in implicit mode without an answer. Each but the first is what the
 * one before has to lead to; the end is "stop", "stay", or one that is not answered yet.
 */
static const struct story {
	const char *rows, *agents;
	enum mr_mode mode;
	const char *text;
} stories[] = {
	/* clang-format off */
	/* RFC 6275 11.7.1: the next one, and round again; with one keep going. */
	{ "M-45", "AB",  MR_EXPLICIT, "Ae- Be- Ae- Be" },
	{ "M-45", "ABC", MR_EXPLICIT, "Be- Ce- Ae- Be" },
	{ "M-45", "A",   MR_EXPLICIT, "Ae- stay" },
	{ "M-45", "AB",  MR_EXPLICIT_FIRST, "Ae- Be- Ae- Be" }, /* silence is not about modes */
	/* Want of resources: anybody else, then it again, slowly. */
	{ "M-45", "A",   MR_EXPLICIT, "Ae130 stay" },
	{ "M-45", "AB",  MR_EXPLICIT, "Ae130 Be128 stay" },
	{ "M-45", "ABC", MR_IMPLICIT, "Ai130 Bi- Ci128 stay" },
	{ "M-45", "AB",  MR_EXPLICIT_FIRST, "Ae130 Be130 stay" },
	/* RFC 6275 11.7.3: not this one again. */
	{ "M-53", "AB",  MR_EXPLICIT, "Ae129 Be133 stop" },
	{ "M-53", "AB",  MR_EXPLICIT_FIRST, "Ae139 Be131 stop" },
	{ "M-53", "AB",  MR_EXPLICIT, "Ae129 Be- stay" },
	{ "M-53", "ABC", MR_EXPLICIT, "Ae129 Be- Ce146 Be- stay" },
	{ "M-52", "AB",  MR_EXPLICIT, "Ae134 stop" },
	/* RFC 3963 5.3: accepted, but not as a mobile router. */
	{ "N-28", "AB",  MR_EXPLICIT, "Ae0 Be0 stop" },
	{ "N-28", "AB",  MR_EXPLICIT_FIRST, "Ae0 Be0 stop" },
	/* 5.4.1, 5.4.2: 140 in both modes. */
	{ "N-32", "A",   MR_EXPLICIT, "Ae140 stop" },
	{ "N-32", "AB",  MR_EXPLICIT, "Ae140 Be140 stop" },
	{ "N-32", "AB",  MR_IMPLICIT, "Ai140 Bi140 stop" },
	{ "N-32", "AB",  MR_EXPLICIT_FIRST, "Ae140 Be140 stop" },
	{ "N-32", "AB",  MR_EXPLICIT, "Ae- Be140 Ae140 stop" },
	/* 5.4.1 */
	{ "N-30", "AB",  MR_IMPLICIT, "Ai141 stop" },
	{ "N-30", "AB",  MR_IMPLICIT_FIRST, "Ai142 stop" },
	{ "N-33", "AB",  MR_IMPLICIT, "Ai143 Bi143 stop" },
	{ "N-33 N-35", "AB", MR_IMPLICIT_FIRST, "Ai143 Bi143 Ae142 Be141 stop" },
	{ "N-33 N-35", "A",  MR_IMPLICIT_FIRST, "Ai143 Ae142 stop" },
	{ "N-33", "AB",  MR_IMPLICIT_FIRST, "Ai143 Bi140 Ae" },
	/* 5.4.2 */
	{ "N-31", "AB",  MR_EXPLICIT, "Ae143 stop" },
	{ "N-31", "AB",  MR_EXPLICIT_FIRST, "Ae143 stop" },
	{ "N-34", "AB",  MR_EXPLICIT, "Ae142 Be141 stop" },
	{ "N-34 N-35", "AB", MR_EXPLICIT_FIRST, "Ae142 Be141 Ai143 Bi143 stop" },
	{ "N-34 N-35", "AB", MR_EXPLICIT_FIRST, "Ae142 Be141 Ai142 stop" },
	/* Every mode of everybody, also of who did not answer at first. */
	{ "N-35", "AB",  MR_EXPLICIT_FIRST, "Ae- Be142 Bi143 Ae142 Ai143 stop" },
	{ "N-35", "AB",  MR_EXPLICIT_FIRST, "Ae142 Be- Ai140 Be142 Bi143 stop" },
	/* clang-format on */
};

/* One word of a story: with whom, and how it went. False at its end. */
static bool
read_try(const char *word, struct mr_reg_with *with, enum mr_outcome *what, uint8_t *status)
{
	*with =
	    (struct mr_reg_with){ .home_agent = agent(word[0]), .explicit_mode = word[1] == 'e' };
	if (word[2] == '\0')
		return false;
	*status = word[2] == '-' ? 0 : (uint8_t)atoi(word + 2);
	*what = word[2] == '-' ? MR_UNANSWERED : mr_agent_outcome(*status, with->explicit_mode);
	return true;
}

static void
told(const struct story *story)
{
	struct mr_agents all = agents(story->agents);
	struct mr_tried tried = { 0 };
	enum mr_step step = MR_GO;
	struct mr_reg_with next;
	char text[200], *rest = text;
	bool first = true;

	snprintf(text, sizeof(text), "%s", story->text);
	for (char *word; (word = strtok_r(rest, " ", &rest)); first = false) {
		struct mr_reg_with with;
		enum mr_outcome what;
		uint8_t status;
		bool went;

		if (strcmp(word, "stop") == 0 || strcmp(word, "stay") == 0) {
			assert_int_equal(step, word[2] == 'o' ? MR_STOP : MR_STAY);
			return;
		}
		went = read_try(word, &with, &what, &status);
		if (!first) {
			assert_int_equal(step, MR_GO);
			assert_true(ip6_equal(&next.home_agent, &with.home_agent));
			assert_int_equal(next.explicit_mode, with.explicit_mode);
		}
		if (!went)
			return;
		mr_tried_add(&tried, &with, what, status);
		step = mr_agent_next(&all, story->mode, &tried, &next);
	}
	fail_msg("the story has no end");
}

static void
each_story_goes_on_as_it_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(stories); i++) {
		print_message("%s: %s: %s\n", stories[i].rows, stories[i].agents, stories[i].text);
		told(&stories[i]);
	}
}

static void
the_first_is_the_first_that_answers(void **state)
{
	static const struct {
		const char *agents, *silent;
		char first;
	} rows[] = { { "ABC", "", 'A' }, { "ABC", "A", 'B' }, { "ABC", "AB", 'C' },
		{ "ABC", "ABC", 'A' }, { "ABC", "D", 'A' }, { "A", "A", 'A' } };
	struct mr_reg_with with;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct mr_agents all = agents(rows[i].agents);
		struct in6_addr want = agent(rows[i].first);

		for (const char *s = rows[i].silent; *s; s++) {
			struct in6_addr a = agent(*s);

			mr_agents_note(&all, &a, true);
		}
		mr_agent_first(&all, MR_IMPLICIT_FIRST, &with);
		assert_true(ip6_equal(&with.home_agent, &want));
		assert_false(with.explicit_mode);
	}
}

static void
without_any_there_is_nobody_to_begin_with(void **state)
{
	struct mr_agents none = { 0 };
	struct mr_reg_with with;

	(void)state;
	mr_agent_first(&none, MR_EXPLICIT, &with);
	assert_true(ip6_is_any(&with.home_agent));
	assert_true(with.explicit_mode);
}

static void
prefixes_are_lost_by_141_and_142_in_explicit_mode_alone(void **state)
{
	static const struct {
		uint8_t status;
		bool explicit_mode, lost;
	} rows[] = { { 140, true, false }, { 141, true, true }, { 142, true, true },
		{ 143, true, false }, { 141, false, false }, { 143, false, false } };

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct mr_reg_with with = { agent('A'), rows[i].explicit_mode };
		struct mr_tried tried = { 0 };

		mr_tried_add(&tried, &with, mr_agent_outcome(rows[i].status, rows[i].explicit_mode),
		    rows[i].status);
		assert_int_equal(mr_tried_lost_prefixes(&tried), rows[i].lost);
	}
}

/* Home agents that always say the same: it ends, or nobody is left who refused for good. */
static void
however_they_answer_nobody_is_asked_again_who_refused(void **state)
{
	static const uint8_t statuses[] = { 0, 1, 128, 129, 140, 141, 142, 143 }; /* 1: silent */
	uint32_t random = 4711;

	(void)state;
	for (int story = 0; story < 20000; story++) {
		static const char *const lists[] = { "A", "AB", "ABC", "ABCDEFGH" };
		struct mr_agents all = agents(lists[story % 4]);
		enum mr_mode mode = (enum mr_mode)(story / 4 % 4);
		uint8_t says[2][MR_AGENTS_MAX];
		struct mr_tried tried = { 0 };
		struct mr_reg_with with;
		int steps = 0;

		for (unsigned i = 0; i < 2 * all.n; i++) {
			random = random * 1664525 + 1013904223;
			says[i % 2][i / 2] = statuses[random >> 29];
		}
		mr_agent_first(&all, mode, &with);
		for (enum mr_step step = MR_GO; step == MR_GO && steps < 100; steps++) {
			unsigned at = 0;
			uint8_t status;

			while (!ip6_equal(&all.v[at], &with.home_agent))
				at++;
			status = says[with.explicit_mode][at];
			for (unsigned i = 0; i < tried.n; i++) {
				if (ip6_equal(&tried.v[i].with.home_agent, &with.home_agent))
					assert_int_not_equal(tried.v[i].what, MR_REFUSED_AGENT);
			}
			assert_true(mr_mode_has(mode, with.explicit_mode));
			mr_tried_add(&tried, &with,
			    status == 1 ? MR_UNANSWERED
					: mr_agent_outcome(status, with.explicit_mode),
			    status);
			step = mr_agent_next(&all, mode, &tried, &with);
			/* It is not over while somebody has not answered, but for a fatal one. */
			for (unsigned i = 0; step == MR_STOP && i < tried.n; i++)
				assert_true(tried.v[i].what != MR_UNANSWERED ||
					    tried.v[tried.n - 1].what == MR_REFUSED_FATAL);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("M-45 M-53 N-28 N-30 N-31 N-32 N-33 N-34 N-35",
		    each_story_goes_on_as_it_is_told),
		TEST("M-45", the_first_is_the_first_that_answers),
		TEST("M-46", without_any_there_is_nobody_to_begin_with),
		TEST("N-34", prefixes_are_lost_by_141_and_142_in_explicit_mode_alone),
		TEST("N-32 N-35", however_they_answer_nobody_is_asked_again_who_refused),
	};

	return cmocka_run_group_tests_name("mr_agent", tests, NULL, NULL);
}
