/*
 * mr_reg_test.c - see mr_reg.h: one registration, a home agent made of calls, time as a number.
 * Long: a test for each rule of RFC 6275 11.7 and 11.8, RFC 3963 5.
 */
#include "mrd/mr_reg.h"

#include "mrd/mr_test.h"

#define SENT_MAX 4096
#define HOME "2001:db8:200:1::1"

/* A registration and what it did. */
struct world {
	struct mr_reg reg;
	struct mr_reg_conf conf;
	struct {
		int64_t ms;
		uint16_t seq;
		uint32_t lifetime_s;
		struct in6_addr careof;
	} sent[SENT_MAX];
	size_t n;
	enum mr_reg_event last; /* event of the last transition */
	bool other;		/* there is another home agent */
	int64_t ms;		/* the time it is */
};

static void
on_send(void *ctx, struct mr_reg *reg, const struct mr_reg_bu *bu, const struct tick *now)
{
	struct world *w = ctx;

	assert_true(w->n < SENT_MAX);
	w->sent[w->n].ms = now->now.ms - at_ms(0).now.ms;
	w->sent[w->n].seq = bu->seq;
	w->sent[w->n].lifetime_s = bu->lifetime_s;
	w->sent[w->n].careof = reg->careof;
	w->n++;
}

static void
on_moved(void *ctx, struct mr_reg *reg, enum mr_reg_state from, enum mr_reg_event on,
    const struct tick *now)
{
	struct world *w = ctx;

	(void)reg;
	(void)from;
	(void)now;
	w->last = on;
}

static bool
on_has_other(void *ctx, const struct mr_reg *reg)
{
	const struct world *w = ctx;

	(void)reg;
	return w->other;
}

static const struct mr_reg_ops ops = {
	.send = on_send, .moved = on_moved, .has_other = on_has_other
};

static void
word(struct world *w, enum mr_reg_event e)
{
	struct tick t = at_ms(w->ms);

	mr_reg_word(&w->reg, e, &t);
}

static void
careof(struct world *w, const char *text)
{
	struct in6_addr a = addr_of(text);
	struct tick t = at_ms(w->ms);

	mr_reg_careof(&w->reg, &a, &t);
}

/* The uplink is on the home link now. */
static void
home(struct world *w)
{
	struct in6_addr a = addr_of(HOME);
	struct tick t = at_ms(w->ms);

	mr_reg_return(&w->reg, &a, &t);
}

static struct world *
idle(void)
{
	static struct world w;

	w = (struct world){
		.conf = { .lifetime_s = 120, .first_timeout_ms = 1500, .next_agent_ms = 32000 }
	};
	mr_reg_init(&w.reg, &w.conf, &ops, &w);
	w.reg.with = (struct mr_reg_with){ addr_of("2001:db8:100::1"), true };
	careof(&w, "2001:db8:a::1");
	return &w;
}

/* Let time pass until then, waking the registration when it wants to be. */
static void
pass(struct world *w, int64_t until_ms)
{
	for (int guard = 0;; guard++) {
		mono_t due = mr_reg_due(&w->reg);
		struct tick t;

		assert_true(guard < 10000); /* it would spin */
		if (!mono_reached(at_ms(until_ms).now, due))
			break;
		if (due.ms - at_ms(0).now.ms > w->ms)
			w->ms = due.ms - at_ms(0).now.ms;
		t = at_ms(w->ms);
		mr_reg_tick(&w->reg, &t);
	}
	w->ms = until_ms;
}

static struct mh
ack(uint16_t seq, uint8_t status, uint32_t lifetime_s)
{
	return (struct mh){ .type = MH_BA,
		.ba = {
		    .status = status, .flags = MH_BA_R, .seq = seq, .lifetime_s = lifetime_s } };
}

static bool
give(struct world *w, struct mh m)
{
	struct tick t = at_ms(w->ms);

	return mr_reg_answer(&w->reg, &m, &t);
}

/* The newest Binding Update is answered. */
static bool
answer(struct world *w, uint8_t status, uint32_t lifetime_s)
{
	return give(w, ack(w->sent[w->n - 1].seq, status, lifetime_s));
}

static struct world *
waiting(void)
{
	struct world *w = idle();

	word(w, MR_REG_ATTACH);
	return w;
}

static struct world *
bound_for(uint32_t lifetime_s)
{
	struct world *w = waiting();

	assert_true(answer(w, 0, lifetime_s));
	assert_int_equal(w->reg.state, MR_REG_BOUND);
	return w;
}

static void
assert_sent_at(const struct world *w, size_t from, const int64_t *ms, size_t n)
{
	assert_int_equal(w->n - from, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(w->sent[from + i].ms, ms[i]);
	for (size_t i = from + 1; i < w->n; i++)
		assert_true(mh_seq_newer(w->sent[i].seq, w->sent[i - 1].seq));
}

/* ---- sending ---- */

static void
first_is_resent_after_1500_ms_doubling_to_32_s_and_on(void **state)
{
	static const int64_t due[] = { 0, 1500, 4500, 10500, 22500, 46500, 78500, 110500, 142500 };
	struct world *w = waiting();

	(void)state;
	pass(w, 150000);
	assert_sent_at(w, 0, due, countof(due));
	assert_int_equal(w->reg.state, MR_REG_WAITING);
}

static void
first_timeout_is_what_is_configured(void **state)
{
	static const int64_t due[] = { 0, 300, 900, 2100 };
	struct world *w = idle();

	(void)state;
	w->conf.first_timeout_ms = 300;
	word(w, MR_REG_ATTACH);
	pass(w, 3000);
	assert_sent_at(w, 0, due, countof(due));
}

static void
refresh_comes_at_half_and_is_resent_after_1_s_doubling(void **state)
{
	static const int64_t due[] = { 60000, 61000, 63000, 67000, 75000, 91000 };
	struct world *w = bound_for(120);

	(void)state;
	pass(w, 119000);
	assert_sent_at(w, 1, due, countof(due));
	assert_int_equal(w->reg.state, MR_REG_BOUND);
}

static void
refresh_comes_when_advised(void **state)
{
	struct world *w = waiting();
	struct mh m = ack(w->sent[0].seq, 0, 120);

	(void)state;
	m.opts.n[MH_OPT_REFRESH] = 1;
	m.opts.refresh_s = 100;
	assert_true(give(w, m));
	pass(w, 99999);
	assert_int_equal(w->n, 1);
	pass(w, 100000);
	assert_int_equal(w->n, 2);
}

static void
an_advice_beyond_the_lifetime_is_not_followed(void **state)
{
	struct world *w = waiting();
	struct mh m = ack(w->sent[0].seq, 0, 120);

	(void)state;
	m.opts.n[MH_OPT_REFRESH] = 1;
	m.opts.refresh_s = 120;
	assert_true(give(w, m));
	pass(w, 60000);
	assert_int_equal(w->n, 2);
}

static void
a_week_of_refreshes_keeps_it_bound(void **state)
{
	struct world *w = bound_for(120);

	(void)state;
	for (int i = 0; i < 10080; i++) {
		pass(w, w->ms + 60000);
		w->sent[0] = w->sent[w->n - 1];
		w->n = 1;
		assert_true(answer(w, 0, 120));
		assert_int_equal(w->reg.state, MR_REG_BOUND);
		assert_int_equal(w->reg.outstanding, 0);
	}
}

static void
ten_changes_of_address_in_a_second_send_three_and_then_the_last(void **state)
{
	struct world *w = bound_for(120);
	char text[TEXT_ADDR_MAX];

	(void)state;
	pass(w, 5000);
	for (int i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "2001:db8:b::%x", (unsigned)i + 1);
		careof(w, text);
		pass(w, w->ms + 90);
	}
	pass(w, 5999);
	assert_int_equal(w->n - 1, 3);
	pass(w, 6000);
	assert_int_equal(w->n - 1, 4);
	assert_string_equal(text_addr(&w->sent[w->n - 1].careof, text), "2001:db8:b::a");
}

static void
coming_for_the_fourth_time_in_a_second_it_waits_for_its_end_and_no_longer(void **state)
{
	struct world *w = idle();

	(void)state;
	for (int i = 0; i < 4; i++) {
		word(w, MR_REG_ATTACH);
		pass(w, w->ms + 50);
		word(w, MR_REG_HOLD);
		pass(w, w->ms + 50);
		if (i < 3)
			word(w, MR_REG_DETACH); /* the other host has it for a moment */
	}
	word(w, MR_REG_ATTACH);
	pass(w, 999);
	assert_int_equal(w->n, 3);
	pass(w, 1000);
	assert_int_equal(w->n, 4);
}

static void
no_second_has_more_than_three_whatever_is_asked(void **state)
{
	struct world *w = waiting();
	uint32_t random = 17;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		random = random * 1664525 + 1013904223;
		word(w, random & 0x10000 ? MR_REG_FORCE : MR_REG_ATTACH);
		if (random & 0x20000)
			(void)give(w, ack(4000, MH_SEQUENCE, 0));
		pass(w, w->ms + (random >> 24));
	}
	assert_true(w->n > 300);
	for (size_t i = 3; i < w->n; i++)
		assert_true(w->sent[i].ms - w->sent[i - 3].ms >= 1000);
}

static void
without_a_care_of_address_it_waits_for_one(void **state)
{
	struct world *w = idle();

	(void)state;
	careof(w, "::");
	word(w, MR_REG_ATTACH);
	pass(w, 100000);
	assert_int_equal(w->n, 0);
	careof(w, "2001:db8:a::2");
	assert_int_equal(w->n, 1);
	assert_int_equal(w->sent[0].ms, 100000);
}

static void
a_new_care_of_address_registers_at_once_and_knows_a_binding(void **state)
{
	static const int64_t due[] = { 5000, 6000, 8000 };
	struct world *w = bound_for(120);

	(void)state;
	pass(w, 5000);
	careof(w, "2001:db8:b::1");
	assert_int_equal(w->reg.state, MR_REG_WAITING); /* N-27: nothing there is acknowledged */
	pass(w, 9000);
	assert_sent_at(w, 1, due, countof(due));
}

/* ---- answers ---- */

static void
only_an_outstanding_number_is_believed(void **state)
{
	struct world *w = waiting();
	uint16_t seq = w->sent[0].seq;

	(void)state;
	assert_false(give(w, ack((uint16_t)(seq + 1), 0, 120)));
	assert_false(give(w, ack((uint16_t)(seq - 1), MH_PROHIBITED, 0)));
	assert_int_equal(w->reg.state, MR_REG_WAITING);
	assert_true(give(w, ack(seq, 0, 120)));
	assert_false(give(w, ack(seq, 0, 120))); /* a replay */
	assert_false(give(w, ack(seq, MH_PROHIBITED, 0)));
	assert_int_equal(w->reg.state, MR_REG_BOUND);
}

static void
an_earlier_one_of_this_registration_may_be_answered(void **state)
{
	struct world *w = waiting();

	(void)state;
	pass(w, 5000);
	assert_int_equal(w->n, 3);
	assert_true(give(w, ack(w->sent[1].seq, 0, 120)));
	assert_int_equal(w->reg.state, MR_REG_BOUND);
	/* What it answered and all before it are done; the one after may still be. */
	assert_false(give(w, ack(w->sent[0].seq, 0, 120)));
	assert_true(give(w, ack(w->sent[2].seq, 0, 120)));
}

static void
an_answer_to_the_previous_address_says_nothing(void **state)
{
	struct world *w = waiting();
	uint16_t old = w->sent[0].seq;

	(void)state;
	careof(w, "2001:db8:b::1");
	assert_false(give(w, ack(old, 0, 120)));
	assert_int_equal(w->reg.state, MR_REG_WAITING);
}

static void
an_acceptance_ends_retransmission(void **state)
{
	struct world *w = bound_for(120);

	(void)state;
	pass(w, 59999);
	assert_int_equal(w->n, 1);
}

static void
the_lifetime_counts_from_the_sending_and_never_grows(void **state)
{
	static const struct {
		uint32_t granted_s;
		int64_t lapses_ms;
	} rows[] = { { 120, 120000 }, { 40, 40000 }, { 4, 4000 }, { 240, 120000 } };

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct world *w = waiting();

		pass(w, 900); /* the answer took so long */
		assert_true(answer(w, 0, rows[i].granted_s));
		assert_int_equal(w->reg.expires.ms - at_ms(0).now.ms, rows[i].lapses_ms);
		pass(w, rows[i].lapses_ms - 1);
		assert_int_equal(w->reg.state, MR_REG_BOUND);
		pass(w, rows[i].lapses_ms);
		assert_int_equal(w->reg.state, MR_REG_LAPSED);
	}
}

static void
granted_less_time_than_the_answer_took_is_no_binding(void **state)
{
	struct world *w = waiting();

	(void)state;
	pass(w, 1400);
	assert_true(answer(w, 0, 0));
	assert_int_equal(w->reg.state, MR_REG_REFUSED);
}

static void
after_the_lapse_it_asks_on_every_32_s_until_answered(void **state)
{
	struct world *w = bound_for(120);
	size_t before;

	(void)state;
	pass(w, 200000);
	assert_int_equal(w->reg.state, MR_REG_LAPSED);
	before = w->n;
	pass(w, 200000 + 320000);
	assert_int_equal(w->n - before, 10);
	assert_true(answer(w, 0, 120));
	assert_int_equal(w->reg.state, MR_REG_BOUND);
}

static void
status_1_is_an_acceptance(void **state)
{
	struct world *w = waiting();

	(void)state;
	assert_true(answer(w, MH_ACCEPTED_PREFIX_DISCOVERY, 120));
	assert_int_equal(w->reg.state, MR_REG_BOUND);
}

/* ---- 135 ---- */

static void
after_135_the_next_number_is_the_given_plus_one_at_once(void **state)
{
	struct world *w = waiting();
	uint16_t given = (uint16_t)(w->sent[0].seq + 3242);

	(void)state;
	pass(w, 40);
	assert_true(give(w, ack(given, MH_SEQUENCE, 0)));
	assert_int_equal(w->n, 2);
	assert_int_equal(w->sent[1].seq, (uint16_t)(given + 1));
	assert_int_equal(w->sent[1].ms, 40);
	assert_true(answer(w, 0, 120));
	assert_int_equal(w->reg.state, MR_REG_BOUND);
}

static void
a_135_without_a_question_is_ignored(void **state)
{
	struct world *w = bound_for(120);

	(void)state;
	assert_false(give(w, ack(4242, MH_SEQUENCE, 0)));
	assert_int_equal(w->n, 1);
}

static void
the_135_of_an_overtaken_one_does_not_repeat_a_number(void **state)
{
	struct world *w = waiting();
	uint16_t given = (uint16_t)(w->sent[0].seq + 1000);

	(void)state;
	assert_true(give(w, ack(given, MH_SEQUENCE, 0)));
	assert_true(give(w, ack(given, MH_SEQUENCE, 0))); /* the answer to a retransmission */
	assert_int_equal(w->n, 2);
	pass(w, 60000);
	assert_sent_at(w, 1, (const int64_t[]){ 0, 3000, 9000, 21000, 45000 }, 5);
}

static void
a_home_agent_that_always_says_135_is_asked_no_faster(void **state)
{
	struct world *w = waiting();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		pass(w, w->ms + 100);
		(void)give(w, ack((uint16_t)(w->sent[w->n - 1].seq + 100), MH_SEQUENCE, 0));
	}
	assert_true(w->n < 12);
}

/* ---- refusals ---- */

static void
each_status_has_the_fate_that_the_rfcs_give_it(void **state)
{
	static const struct {
		uint8_t status;
		enum mr_reg_state explicit_state, implicit_state;
	} rows[] = {
		{ 128, MR_REG_REFUSED, MR_REG_REFUSED },
		{ 129, MR_REG_STOPPED, MR_REG_STOPPED },
		{ 130, MR_REG_REFUSED, MR_REG_REFUSED },
		{ 131, MR_REG_STOPPED, MR_REG_STOPPED },
		{ 132, MR_REG_STOPPED, MR_REG_STOPPED },
		{ 133, MR_REG_STOPPED, MR_REG_STOPPED },
		{ 134, MR_REG_BARRED, MR_REG_BARRED },
		{ 139, MR_REG_STOPPED, MR_REG_STOPPED },
		{ 140, MR_REG_STOPPED, MR_REG_STOPPED },
		{ 141, MR_REG_STOPPED, MR_REG_STOPPED },
		{ 142, MR_REG_STOPPED, MR_REG_STOPPED },
		{ 143, MR_REG_STOPPED, MR_REG_STOPPED },
		{ 144, MR_REG_STOPPED, MR_REG_STOPPED },
		{ 146, MR_REG_STOPPED, MR_REG_STOPPED },
		{ 174, MR_REG_STOPPED, MR_REG_STOPPED },
		{ 255, MR_REG_STOPPED, MR_REG_STOPPED },
	};

	(void)state;
	for (size_t i = 0; i < 2 * countof(rows); i++) {
		struct world *w = idle();
		bool explicit_mode = i < countof(rows);
		size_t k = i % countof(rows);

		w->reg.with.explicit_mode = explicit_mode;
		word(w, MR_REG_ATTACH);
		assert_true(answer(w, rows[k].status, 0));
		assert_int_equal(
		    w->reg.state, explicit_mode ? rows[k].explicit_state : rows[k].implicit_state);
		assert_int_equal(w->reg.last_status, rows[k].status);
		pass(w, 31999);
		assert_int_equal(w->n, 1);
		pass(w, 3200000);
		assert_int_equal(w->n, rows[k].explicit_state == MR_REG_REFUSED ? 101 : 1);
	}
}

static void
a_refusal_for_good_leaves_no_binding_behind(void **state)
{
	static const uint8_t status[] = { 140, 141, 142, 143 };

	(void)state;
	for (size_t i = 0; i < countof(status); i++) {
		struct world *w = bound_for(120);

		pass(w, 60000);
		assert_true(answer(w, status[i], 0));
		assert_int_equal(w->reg.expires.ms, INT64_MAX);
		assert_int_equal(w->reg.state, MR_REG_STOPPED);
	}
}

static void
a_refresh_refused_for_now_leaves_the_binding_as_it_was(void **state)
{
	struct world *w = bound_for(120);

	(void)state;
	pass(w, 60000);
	assert_true(answer(w, MH_NO_RESOURCES, 0));
	assert_int_equal(w->reg.state, MR_REG_BOUND);
	pass(w, 60000 + 31999);
	assert_int_equal(w->n, 2);
	pass(w, 60000 + 32000);
	assert_int_equal(w->n, 3);
	pass(w, 120000);
	assert_int_equal(w->reg.state, MR_REG_LAPSED);
}

static void
after_134_neither_time_nor_resume_nor_move_nor_home_sends_anything(void **state)
{
	static const enum mr_reg_event words[] = { MR_REG_HOLD, MR_REG_ATTACH, MR_REG_NUDGE,
		MR_REG_PAUSE, MR_REG_MOVE };
	const struct mr_reg_with other = { addr_of("2001:db8:100::2"), true };
	struct world *w = waiting();
	struct tick t;

	(void)state;
	assert_true(answer(w, MH_DAD_FAILED, 0));
	for (size_t i = 0; i < countof(words); i++) {
		word(w, words[i]);
		pass(w, w->ms + 100000);
	}
	careof(w, "2001:db8:b::1");
	home(w);
	careof(w, "2001:db8:a::1");
	t = at_ms(w->ms);
	mr_reg_switch(&w->reg, &other, &t);
	pass(w, w->ms + 100000);
	assert_int_equal(w->n, 1);
	assert_int_equal(w->reg.state, MR_REG_BARRED);
}

static void
after_134_the_operator_or_the_next_life_here_begins_anew(void **state)
{
	static const enum mr_reg_event ends[] = { MR_REG_FORCE, MR_REG_DETACH, MR_REG_DEREGISTER };

	(void)state;
	for (size_t i = 0; i < countof(ends); i++) {
		struct world *w = waiting();

		assert_true(answer(w, MH_DAD_FAILED, 0));
		word(w, ends[i]);
		assert_int_equal(w->n, ends[i] == MR_REG_FORCE ? 2 : 1); /* nothing to end */
		if (ends[i] != MR_REG_FORCE)
			word(w, MR_REG_ATTACH);
		assert_int_equal(w->n, 2);
		assert_int_equal(w->sent[1].lifetime_s, 120);
		assert_true(answer(w, MH_ACCEPTED, 120));
		assert_int_equal(w->reg.state, MR_REG_BOUND);
	}
}

/* ---- status 1, and how long the home prefix lives ---- */

static void
learn(struct world *w, mono_t valid_until)
{
	struct tick t = at_ms(w->ms);

	mr_reg_learnt(&w->reg, valid_until, &t);
}

static void
after_status_1_the_refresh_waits_for_what_is_learnt(void **state)
{
	static const struct {
		int64_t learnt_ms, sent_ms;
	} rows[] = {
		{ 1000, 60000 },  /* when it would have been */
		{ 70000, 70000 }, /* it is late already */
		{ -1, 90000 },	  /* never: half of what was left then */
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct world *w = waiting();

		assert_true(answer(w, MH_ACCEPTED_PREFIX_DISCOVERY, 120));
		assert_int_equal(w->reg.state, MR_REG_BOUND);
		if (rows[i].learnt_ms >= 0) {
			pass(w, rows[i].learnt_ms);
			assert_int_equal(w->n, 1);
			learn(w, MONO_NEVER);
		}
		pass(w, rows[i].sent_ms - 1);
		assert_int_equal(w->n, 1);
		pass(w, rows[i].sent_ms);
		assert_int_equal(w->n, 2);
		assert_int_equal(w->sent[1].lifetime_s, 120);
	}
}

static void
status_1_stops_neither_a_move_nor_the_operator(void **state)
{
	struct world *w = waiting();

	(void)state;
	assert_true(answer(w, MH_ACCEPTED_PREFIX_DISCOVERY, 120));
	careof(w, "2001:db8:b::1");
	assert_int_equal(w->n, 2);
	assert_true(answer(w, MH_ACCEPTED_PREFIX_DISCOVERY, 120));
	word(w, MR_REG_FORCE);
	assert_int_equal(w->n, 3);
}

static void
what_is_learnt_while_it_is_held_or_asked_sends_nothing(void **state)
{
	struct world *w = bound_for(120);

	(void)state;
	pass(w, 60000);
	assert_int_equal(w->n, 2); /* a refresh is under way */
	learn(w, at_ms(600000).now);
	assert_int_equal(w->reg.due.ms, at_ms(61000).now.ms);
	word(w, MR_REG_HOLD);
	learn(w, at_ms(600000).now);
	pass(w, 100000);
	assert_int_equal(w->n, 2);
}

static void
no_lifetime_beyond_the_home_prefix_is_asked_for(void **state)
{
	static const struct {
		int64_t left_ms;
		uint32_t lifetime_s;
	} rows[] = {
		{ 1000000, 120 }, { 120000, 120 }, { 119999, 116 }, { 103000, 100 }, { 8000, 8 },
		{ 7999, 4 }, { 3999, 4 }, { 0, 4 }, { -5000, 4 }, /* the least that is none */
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct world *w = bound_for(120);

		pass(w, 10000);
		learn(w, at_ms(10000 + rows[i].left_ms).now);
		assert_true(
		    mr_reg_is_limited(&w->reg, at_ms(10000).now) == (rows[i].lifetime_s < 120));
		word(w, MR_REG_FORCE);
		assert_int_equal(w->sent[1].lifetime_s, rows[i].lifetime_s);
		word(w, MR_REG_DEREGISTER);
		assert_int_equal(w->sent[2].lifetime_s, 0);
	}
}

static void
a_life_elsewhere_forgets_the_home_prefix(void **state)
{
	struct world *w = bound_for(120);

	(void)state;
	learn(w, at_ms(8000).now);
	word(w, MR_REG_DETACH);
	word(w, MR_REG_ATTACH);
	assert_int_equal(w->sent[1].lifetime_s, 120);
}

static void
a_fatal_refusal_ends_with_gone_or_with_the_operator(void **state)
{
	struct world *w = waiting();

	(void)state;
	assert_true(answer(w, MH_ROUTER_NOT_PERMITTED, 0));
	word(w, MR_REG_HOLD);
	word(w, MR_REG_ATTACH);
	careof(w, "2001:db8:b::1");
	assert_int_equal(w->n, 1);
	pass(w, 2000);
	word(w, MR_REG_FORCE);
	assert_int_equal(w->n, 2);
	assert_true(answer(w, MH_ROUTER_NOT_PERMITTED, 0));
	word(w, MR_REG_DETACH);
	pass(w, 4000);
	word(w, MR_REG_ATTACH);
	assert_int_equal(w->n, 3);
}

static void
accepted_without_r_is_deregistered_and_stopped(void **state)
{
	struct world *w = waiting();
	struct mh m = ack(w->sent[0].seq, 0, 120);

	(void)state;
	m.ba.flags = 0;
	assert_true(give(w, m));
	assert_int_equal(w->n, 2);
	assert_int_equal(w->sent[1].lifetime_s, 0);
	m = ack(w->sent[1].seq, 0, 0);
	m.ba.flags = 0;
	assert_true(give(w, m));
	assert_int_equal(w->reg.state, MR_REG_STOPPED);
	pass(w, 1000000);
	assert_int_equal(w->n, 2);
}

static void
accepted_without_r_while_suspended_is_deregistered_when_it_runs_again(void **state)
{
	struct world *w = waiting();
	struct mh m = ack(w->sent[0].seq, 0, 120);

	(void)state;
	word(w, MR_REG_HOLD);
	m.ba.flags = 0;
	assert_true(give(w, m));
	pass(w, 1000000);
	assert_int_equal(w->n, 1);
	word(w, MR_REG_ATTACH);
	assert_int_equal(w->n, 2);
	assert_int_equal(w->sent[1].lifetime_s, 0);
	assert_true(answer(w, 0, 0));
	assert_int_equal(w->reg.state, MR_REG_STOPPED);
}

static void
suspended_while_it_deregisters_it_goes_on_when_it_runs_again(void **state)
{
	struct world *w = waiting();
	struct mh m = ack(w->sent[0].seq, 0, 120);

	(void)state;
	m.ba.flags = 0;
	assert_true(give(w, m));
	word(w, MR_REG_HOLD);
	pass(w, 100000);
	assert_int_equal(w->n, 2);
	word(w, MR_REG_ATTACH);
	assert_int_equal(w->sent[2].lifetime_s, 0);
	assert_int_equal(w->reg.state, MR_REG_UNROUTED);
}

/* ---- another home agent ---- */

static void
go(struct world *w, const char *home_agent, bool explicit_mode)
{
	struct mr_reg_with with = { addr_of(home_agent), explicit_mode };
	struct tick t = at_ms(w->ms);

	mr_reg_switch(&w->reg, &with, &t);
}

static void
the_wait_of_32_s_in_vain_is_told_if_there_is_another(void **state)
{
	struct world *w = waiting();

	(void)state;
	w->other = true;
	pass(w, 78499);
	assert_int_not_equal(w->last, MR_REG_SILENT);
	assert_int_equal(w->n, 6);
	pass(w, 78500);
	assert_int_equal(w->last, MR_REG_SILENT);
	assert_int_equal(w->n, 6); /* who is asked now is not ours to say */
	pass(w, 78500 + 32000);	   /* nobody switched: the same one is asked on */
	assert_int_equal(w->n, 7);
}

static void
a_refresh_in_vain_is_told_after_63_s(void **state)
{
	struct world *w = bound_for(240);

	(void)state;
	w->other = true;
	w->conf.lifetime_s = 240;
	word(w, MR_REG_FORCE);
	pass(w, w->ms + 62999);
	assert_int_not_equal(w->last, MR_REG_SILENT);
	pass(w, w->ms + 1);
	assert_int_equal(w->last, MR_REG_SILENT);
	assert_int_equal(w->reg.state, MR_REG_BOUND);
}

static void
how_long_it_waits_is_what_is_configured(void **state)
{
	struct world *w = waiting();

	(void)state;
	w->other = true;
	w->conf.next_agent_ms = 3000;
	pass(w, 4499); /* 1.5 s, 3 s */
	assert_int_not_equal(w->last, MR_REG_SILENT);
	pass(w, 4500);
	assert_int_equal(w->last, MR_REG_SILENT);
	assert_int_equal(w->n, 2);
}

static void
a_home_agent_that_answered_is_not_silent(void **state)
{
	struct world *w = waiting();

	(void)state;
	w->other = true;
	assert_true(answer(w, MH_NO_RESOURCES, 0)); /* asked again after 32 s, and then 64 */
	pass(w, 32000);
	assert_int_equal(w->n, 2);
	assert_int_not_equal(w->last, MR_REG_SILENT);
	pass(w, 64000);
	assert_int_equal(w->last, MR_REG_SILENT);
}

static void
the_next_home_agent_waits_1500_ms_after_the_last_question(void **state)
{
	static const int64_t due[] = { 1500, 3000, 6000 };
	struct world *w = waiting();

	(void)state;
	assert_true(answer(w, MH_ROUTER_NOT_PERMITTED, 0));
	pass(w, 100);
	go(w, "2001:db8:100::2", true);
	assert_int_equal(w->reg.state, MR_REG_WAITING);
	pass(w, 6000);
	assert_sent_at(w, 1, due, countof(due));
}

static void
one_that_had_its_time_is_left_at_once(void **state)
{
	struct world *w = waiting();

	(void)state;
	w->other = true;
	pass(w, 78500);
	go(w, "2001:db8:100::2", true);
	pass(w, 78500);
	assert_int_equal(w->n, 7);
	pass(w, 78500 + 1500); /* and its back-off begins anew */
	assert_int_equal(w->n, 8);
}

static void
what_the_former_one_still_answers_is_not_believed(void **state)
{
	struct world *w = bound_for(120);

	(void)state;
	pass(w, 60000);
	go(w, "2001:db8:100::2", true);
	assert_int_equal(w->reg.state, MR_REG_WAITING); /* N-27: nothing is acknowledged there */
	assert_int_equal(w->reg.expires.ms, INT64_MAX);
	assert_false(answer(w, 0, 120));
	pass(w, 61500);
	assert_true(answer(w, 0, 120));
	assert_int_equal(w->reg.state, MR_REG_BOUND);
	assert_true(mh_seq_newer(w->sent[2].seq, w->sent[1].seq));
}

static void
it_does_not_leave_before_it_has_deregistered(void **state)
{
	struct world *w = waiting();
	struct mh m = ack(w->sent[0].seq, 0, 120);

	(void)state;
	m.ba.flags = 0;
	assert_true(give(w, m));
	go(w, "2001:db8:100::2", true);
	assert_int_equal(w->reg.state, MR_REG_UNROUTED);
	assert_int_equal(w->reg.with.home_agent.s6_addr[15], 1); /* where it was */
	pass(w, 60000);
	assert_int_equal(w->n, 4); /* three times lifetime 0 */
	assert_int_equal(w->reg.state, MR_REG_STOPPED);
	go(w, "2001:db8:100::2", true);
	pass(w, 60000);
	assert_int_equal(w->n, 5);
	assert_int_equal(w->sent[4].lifetime_s, 120);
}

static void
suspended_it_changes_home_agents_without_a_word(void **state)
{
	struct world *w = waiting();

	(void)state;
	word(w, MR_REG_HOLD);
	assert_true(answer(w, MH_ROUTER_NOT_PERMITTED, 0));
	go(w, "2001:db8:100::2", true);
	pass(w, 100000);
	assert_int_equal(w->n, 1);
	word(w, MR_REG_ATTACH);
	assert_int_equal(w->n, 2);
}

static void
without_a_home_agent_it_waits_for_one(void **state)
{
	struct world *w = idle();

	(void)state;
	w->reg.with.home_agent = in6addr_any;
	word(w, MR_REG_ATTACH);
	pass(w, 100000);
	assert_int_equal(w->n, 0);
	go(w, "2001:db8:100::2", true);
	pass(w, 100000);
	assert_int_equal(w->n, 1);
}

/* ---- being asked, and errors ---- */

static void
a_nudge_sends_one_and_not_another_while_that_is_open(void **state)
{
	struct world *w = bound_for(120);

	(void)state;
	pass(w, 5000);
	word(w, MR_REG_NUDGE);
	word(w, MR_REG_NUDGE);
	assert_int_equal(w->n, 2);
	assert_true(answer(w, 0, 120));
	word(w, MR_REG_NUDGE);
	assert_int_equal(w->n, 3);
}

static void
a_pause_makes_it_wait_32_s(void **state)
{
	struct world *w = waiting();

	(void)state;
	word(w, MR_REG_PAUSE);
	pass(w, 31999);
	assert_int_equal(w->n, 1);
	pass(w, 32000);
	assert_int_equal(w->n, 2);
}

/* ---- the end, and the stop before it ---- */

static void
suspended_sends_nothing_whatever_happens(void **state)
{
	static const enum mr_reg_event words[] = { MR_REG_NUDGE, MR_REG_FORCE, MR_REG_PAUSE,
		MR_REG_HOLD };

	(void)state;
	for (int from = 0; from < 3; from++) {
		struct world *w = from == 0 ? waiting() : bound_for(120);
		size_t before;

		if (from == 2)
			pass(w, 60500); /* in the middle of a refresh */
		before = w->n;
		word(w, MR_REG_HOLD);
		for (size_t i = 0; i < countof(words); i++) {
			word(w, words[i]);
			careof(w, i & 1 ? "2001:db8:b::1" : "2001:db8:c::1");
			(void)give(w, ack((uint16_t)(w->reg.seq.last + 5), MH_SEQUENCE, 0));
			pass(w, w->ms + 200000);
		}
		assert_int_equal(w->n, before);
	}
}

static void
an_answer_that_comes_while_suspended_still_counts(void **state)
{
	struct world *w = waiting();

	(void)state;
	word(w, MR_REG_HOLD);
	assert_true(answer(w, 0, 120));
	assert_int_equal(w->reg.state, MR_REG_BOUND);
	pass(w, 100000);
	assert_int_equal(w->n, 1);
}

static void
resumed_on_the_source_it_registers_again_with_a_newer_number(void **state)
{
	struct world *w = bound_for(120);

	(void)state;
	pass(w, 5000);
	word(w, MR_REG_HOLD);
	pass(w, 5100);
	word(w, MR_REG_ATTACH);
	assert_int_equal(w->n, 2);
	assert_true(mh_seq_newer(w->sent[1].seq, w->sent[0].seq));
	assert_int_equal(w->reg.state, MR_REG_BOUND); /* nobody else need have registered */
}

static void
resumed_after_its_lifetime_it_counts_as_new(void **state)
{
	struct world *w = bound_for(120);

	(void)state;
	word(w, MR_REG_HOLD);
	pass(w, 500000);
	word(w, MR_REG_ATTACH);
	assert_int_equal(w->reg.state, MR_REG_WAITING);
	pass(w, 501499);
	assert_int_equal(w->n, 2);
	pass(w, 501500);
	assert_int_equal(w->n, 3);
}

static void
gone_sends_nothing(void **state)
{
	struct world *w = bound_for(120);

	(void)state;
	word(w, MR_REG_DETACH);
	pass(w, 1000000);
	assert_int_equal(w->n, 1);
	assert_int_equal(w->reg.state, MR_REG_IDLE);
}

static void
a_deregistration_is_sent_three_times_at_most(void **state)
{
	struct world *w = bound_for(120);

	(void)state;
	pass(w, 5000);
	word(w, MR_REG_DEREGISTER);
	assert_int_equal(w->sent[1].lifetime_s, 0);
	pass(w, 100000);
	assert_int_equal(w->n, 4);
	assert_int_equal(w->reg.state, MR_REG_IDLE);
}

static void
a_deregistration_ends_with_any_answer(void **state)
{
	static const uint8_t status[] = { 0, 133, 129, 134 };

	(void)state;
	for (size_t i = 0; i < countof(status); i++) {
		struct world *w = bound_for(120);

		word(w, MR_REG_DEREGISTER);
		assert_true(answer(w, status[i], 0));
		assert_int_equal(w->reg.state, MR_REG_IDLE);
		pass(w, 100000);
		assert_int_equal(w->n, 2);
	}
}

static void
a_deregistration_without_an_address_ends_at_once(void **state)
{
	struct world *w = bound_for(120);

	(void)state;
	careof(w, "::");
	word(w, MR_REG_DEREGISTER);
	pass(w, 1);
	assert_int_equal(w->reg.state, MR_REG_IDLE);
	assert_int_equal(w->n, 1);
}

/* ---- on the home link ---- */

/* Any state by the shortest way there is. */
static struct world *
in_state(enum mr_reg_state s)
{
	struct world *w = s == MR_REG_IDLE ? idle() : waiting();
	struct mh m;

	switch (s) {
	case MR_REG_IDLE:
	case MR_REG_WAITING:
	case MR_REG_STATES:
		break;
	case MR_REG_BOUND:
		answer(w, 0, 120);
		break;
	case MR_REG_LAPSED:
		answer(w, 0, 4);
		pass(w, 4000);
		break;
	case MR_REG_REFUSED:
		answer(w, MH_NO_RESOURCES, 0);
		break;
	case MR_REG_STOPPED:
		answer(w, MH_PROHIBITED, 0);
		break;
	case MR_REG_BARRED:
		answer(w, MH_DAD_FAILED, 0);
		break;
	case MR_REG_UNROUTED:
		m = ack(w->sent[0].seq, 0, 120);
		m.ba.flags = 0;
		give(w, m);
		break;
	case MR_REG_LEAVING:
		word(w, MR_REG_DEREGISTER);
		break;
	case MR_REG_RETURNING:
		home(w);
		break;
	case MR_REG_HOME:
		home(w);
		answer(w, MH_NOT_HOME_AGENT, 0);
		break;
	}
	assert_int_equal(w->reg.state, s);
	return w;
}

static void
at_home_it_deregisters_from_its_home_address_until_it_is_answered(void **state)
{
	struct world *w = bound_for(120);
	struct in6_addr a = addr_of(HOME);

	(void)state;
	pass(w, 5000);
	home(w);
	assert_int_equal(w->reg.state, MR_REG_RETURNING);
	assert_int_equal(w->n, 2);
	assert_int_equal(w->sent[1].ms, 5000);
	assert_int_equal(w->sent[1].lifetime_s, 0);
	assert_true(ip6_equal(&w->sent[1].careof, &a));
	pass(w, 5000 + 1000 + 2000 + 4000);
	assert_int_equal(w->n, 5);
	assert_true(mh_seq_newer(w->sent[4].seq, w->sent[1].seq));
	assert_int_equal(w->sent[4].lifetime_s, 0);
	assert_true(answer(w, 0, 0));
	assert_int_equal(w->reg.state, MR_REG_HOME);
	pass(w, 1000000);
	assert_int_equal(w->n, 5);
}

static void
what_was_sent_abroad_is_not_answered_at_home(void **state)
{
	struct world *w = waiting();

	(void)state;
	home(w);
	assert_false(give(w, ack(w->sent[0].seq, 0, 120)));
	assert_int_equal(w->reg.state, MR_REG_RETURNING);
}

static void
a_refused_return_is_a_return_unless_it_may_pass(void **state)
{
	static const uint8_t done[] = { MH_NOT_HOME_AGENT, MH_PROHIBITED, MH_DAD_FAILED };
	struct world *w;

	(void)state;
	for (size_t i = 0; i < countof(done); i++) {
		w = bound_for(120);
		home(w);
		assert_true(answer(w, done[i], 0));
		assert_int_equal(w->reg.state, MR_REG_HOME);
	}
	w = bound_for(120);
	home(w);
	assert_true(answer(w, MH_NO_RESOURCES, 0));
	assert_int_equal(w->reg.state, MR_REG_RETURNING);
	pass(w, 32000);
	assert_int_equal(w->n, 3);
	/* 135: the home agent's number is followed. */
	assert_true(give(w, ack((uint16_t)(w->sent[2].seq + 100), MH_SEQUENCE, 0)));
	assert_int_equal(w->n, 4);
	assert_int_equal(w->sent[3].seq, (uint16_t)(w->sent[2].seq + 101));
}

static void
a_guest_that_starts_at_home_deregisters_whoever_had_it(void **state)
{
	struct world *w = idle();

	(void)state;
	home(w);
	assert_int_equal(w->n, 0);
	word(w, MR_REG_ATTACH);
	assert_int_equal(w->n, 1);
	assert_int_equal(w->sent[0].lifetime_s, 0);
	answer(w, MH_NOT_HOME_AGENT, 0);
	/* It came home when it had been refused abroad. */
	w = in_state(MR_REG_STOPPED);
	home(w);
	assert_int_equal(w->reg.state, MR_REG_RETURNING);
	assert_int_equal(w->sent[1].lifetime_s, 0);
}

static void
abroad_again_it_registers_as_new(void **state)
{
	struct world *w = in_state(MR_REG_HOME);
	size_t n = w->n;

	(void)state;
	pass(w, 10000);
	careof(w, "2001:db8:b::1");
	assert_int_equal(w->reg.state, MR_REG_WAITING);
	assert_int_equal(w->sent[n].lifetime_s, 120);
	pass(w, 11499);
	assert_int_equal(w->n, n + 1);
	pass(w, 11500);
	assert_int_equal(w->n, n + 2);
}

static void
suspended_at_home_it_says_nothing(void **state)
{
	struct world *w = in_state(MR_REG_RETURNING);
	size_t n = w->n;

	(void)state;
	word(w, MR_REG_HOLD);
	pass(w, 100000);
	assert_int_equal(w->n, n);
	word(w, MR_REG_ATTACH); /* resumed here: somebody may have registered it since */
	assert_int_equal(w->n, n + 1);
	assert_int_equal(w->sent[n].lifetime_s, 0);
}

/* ---- everything with everything ---- */

/* The state each word leads to; rows: from, columns: ATTACH ... PAUSE. "." stays as it is. */
static void
every_word_in_every_state_leads_where_the_table_says(void **state)
{
	static const char *const to[MR_REG_STATES] = {
		/*			 attach hold detach dereg move nudge force pause */
		[MR_REG_IDLE] = "W.......",
		[MR_REG_WAITING] = "..IV....",
		[MR_REG_BOUND] = "..IVW...",
		[MR_REG_LAPSED] = "W.IVWWW.",
		[MR_REG_REFUSED] = "W.IIW.W.",
		[MR_REG_STOPPED] = "..II..W.",
		[MR_REG_BARRED] = "..II..W.",
		[MR_REG_UNROUTED] = "..IV..W.",
		[MR_REG_LEAVING] = "W.I.....",
		[MR_REG_RETURNING] = "..II....",
		[MR_REG_HOME] = "W.IIWWW.",
	};

	(void)state;
	for (unsigned s = 0; s < MR_REG_STATES; s++) {
		for (unsigned e = MR_REG_ATTACH; e <= MR_REG_PAUSE; e++) {
			struct world *w = in_state((enum mr_reg_state)s);
			enum mr_reg_state want = (enum mr_reg_state)s;

			switch (to[s][e]) {
			case 'W':
				want = w->reg.home ? MR_REG_RETURNING : MR_REG_WAITING;
				break;
			case 'I':
				want = MR_REG_IDLE;
				break;
			case 'V':
				want = MR_REG_LEAVING;
				break;
			case 'S':
				want = MR_REG_STOPPED;
				break;
			default:
				break;
			}
			word(w, (enum mr_reg_event)e);
			assert_int_equal(w->reg.state, want);
		}
	}
}

static void
a_random_life_never_spins_nor_sends_while_held(void **state)
{
	struct world *w = idle();
	uint32_t random = 20261121;
	size_t sent = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		bool held = w->reg.held;
		size_t before = w->n;

		random = random * 1664525 + 1013904223;
		switch (random >> 28) {
		case 0:
			careof(w, "::");
			break;
		case 1:
			home(w);
			break;
		case 2:
			careof(w, random & 0x100000 ? "2001:db8:a::1" : "2001:db8:b::1");
			break;
		case 3:
		case 4:
		case 5:
			if (w->n > 0)
				answer(w, random & 0x200000 ? 0 : (uint8_t)(random >> 8), 40);
			break;
		case 6:
		case 7:
		case 8:
			pass(w, w->ms + (random >> 12) % 20000);
			break;
		default:
			held = false; /* ATTACH may be among them */
			word(w, (enum mr_reg_event)((random >> 10) % (MR_REG_PAUSE + 1)));
			break;
		}
		if (held)
			assert_int_equal(w->n, before);
		assert_true(w->n <= SENT_MAX);
		if (w->n > before && w->reg.home)
			assert_int_equal(w->sent[w->n - 1].lifetime_s, 0);
		if (w->reg.state == MR_REG_BOUND)
			assert_true(w->reg.expires.ms != INT64_MAX);
		if (w->n > SENT_MAX / 2) {
			sent += w->n - 1;
			w->sent[0] = w->sent[w->n - 1];
			w->n = 1;
		}
	}
	assert_true(sent + w->n > 1000);
}

/* ---- handed over by another host (mr_hand.h) ---- */

static void
what_another_registered_for_us_is_bound_and_confirmed_in_a_moment(void **state)
{
	struct world *w = idle();
	struct tick t = at_ms(0);

	(void)state;
	mr_reg_taken(&w->reg, 77, 120, at_ms(-50).now, &t);
	assert_int_equal(w->reg.state, MR_REG_BOUND);
	assert_int_equal(w->reg.acked, 77);
	assert_int_equal(w->n, 0);
	assert_sent_at(w, 0, NULL, 0);
	pass(w, MR_REG_CONFIRM_MS);
	assert_int_equal(w->n, 1);
	assert_true(answer(w, 0, 120));
	pass(w, 60000);
	assert_int_equal(w->n, 1);
}

static void
what_is_never_confirmed_lapses_at_the_end_of_the_others_lifetime(void **state)
{
	struct world *w = idle();
	struct tick t = at_ms(0);

	(void)state;
	mr_reg_taken(&w->reg, 77, 120, at_ms(-50).now, &t);
	pass(w, 119949);
	assert_int_equal(w->reg.state, MR_REG_BOUND);
	pass(w, 119950);
	assert_int_equal(w->reg.state, MR_REG_LAPSED);
}

static void
what_is_suspended_again_at_once_is_not_confirmed(void **state)
{
	struct world *w = idle();
	struct tick t = at_ms(0);

	(void)state;
	mr_reg_taken(&w->reg, 77, 120, at_ms(-50).now, &t);
	word(w, MR_REG_HOLD);
	pass(w, 10000);
	assert_int_equal(w->n, 0);
}

static void
binding_updates_for_another_host_count_as_ours(void **state)
{
	struct world *w = bound_for(120);
	struct tick t = at_ms(w->ms);
	uint16_t seq = w->sent[0].seq, next;

	(void)state;
	for (int i = 1; i < MR_RATE_MAX; i++) {
		assert_true(mr_reg_number(&w->reg, &t, &next));
		assert_true(mh_seq_newer(next, seq));
		seq = next;
	}
	assert_false(mr_reg_number(&w->reg, &t, &next));
	t = at_ms(w->ms + 1000);
	assert_true(mr_reg_number(&w->reg, &t, &next));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("", what_another_registered_for_us_is_bound_and_confirmed_in_a_moment),
		TEST("M-59", what_is_never_confirmed_lapses_at_the_end_of_the_others_lifetime),
		TEST("X-03", what_is_suspended_again_at_once_is_not_confirmed),
		TEST("M-43 X-04", binding_updates_for_another_host_count_as_ours),
		TEST("M-41 M-42", first_is_resent_after_1500_ms_doubling_to_32_s_and_on),
		TEST("M-60 M-41", first_timeout_is_what_is_configured),
		TEST("M-50 M-41", refresh_comes_at_half_and_is_resent_after_1_s_doubling),
		TEST("M-50", refresh_comes_when_advised),
		TEST("M-50", an_advice_beyond_the_lifetime_is_not_followed),
		TEST("M-50 M-42", a_week_of_refreshes_keeps_it_bound),
		TEST("M-43", ten_changes_of_address_in_a_second_send_three_and_then_the_last),
		TEST("M-43 X-04",
		    coming_for_the_fourth_time_in_a_second_it_waits_for_its_end_and_no_longer),
		TEST("M-43 X-04", no_second_has_more_than_three_whatever_is_asked),
		TEST("M-38", without_a_care_of_address_it_waits_for_one),
		TEST("M-41 N-27", a_new_care_of_address_registers_at_once_and_knows_a_binding),
		TEST("M-47", only_an_outstanding_number_is_believed),
		TEST("M-47", an_earlier_one_of_this_registration_may_be_answered),
		TEST("M-47 M-44", an_answer_to_the_previous_address_says_nothing),
		TEST("M-49", an_acceptance_ends_retransmission),
		TEST("M-49", the_lifetime_counts_from_the_sending_and_never_grows),
		TEST("M-49", granted_less_time_than_the_answer_took_is_no_binding),
		TEST("M-41 M-59", after_the_lapse_it_asks_on_every_32_s_until_answered),
		TEST("M-49", status_1_is_an_acceptance),
		TEST("M-48", after_135_the_next_number_is_the_given_plus_one_at_once),
		TEST("M-48 M-47", a_135_without_a_question_is_ignored),
		TEST("M-48 M-42", the_135_of_an_overtaken_one_does_not_repeat_a_number),
		TEST("M-48 M-43", a_home_agent_that_always_says_135_is_asked_no_faster),
		TEST("N-29 N-30 N-31 N-32 N-33 M-52 M-53",
		    each_status_has_the_fate_that_the_rfcs_give_it),
		TEST("N-35", a_refusal_for_good_leaves_no_binding_behind),
		TEST("M-53", a_refresh_refused_for_now_leaves_the_binding_as_it_was),
		TEST("M-52", after_134_neither_time_nor_resume_nor_move_nor_home_sends_anything),
		TEST("M-52", after_134_the_operator_or_the_next_life_here_begins_anew),
		TEST("M-51", after_status_1_the_refresh_waits_for_what_is_learnt),
		TEST("M-51", status_1_stops_neither_a_move_nor_the_operator),
		TEST("M-51 X-03", what_is_learnt_while_it_is_held_or_asked_sends_nothing),
		TEST("M-38", no_lifetime_beyond_the_home_prefix_is_asked_for),
		TEST("M-38", a_life_elsewhere_forgets_the_home_prefix),
		TEST("N-32 N-35", a_fatal_refusal_ends_with_gone_or_with_the_operator),
		TEST("N-28", accepted_without_r_is_deregistered_and_stopped),
		TEST("N-28 X-03",
		    accepted_without_r_while_suspended_is_deregistered_when_it_runs_again),
		TEST("N-28 X-03", suspended_while_it_deregisters_it_goes_on_when_it_runs_again),
		TEST("M-45", the_wait_of_32_s_in_vain_is_told_if_there_is_another),
		TEST("M-45 M-41", a_refresh_in_vain_is_told_after_63_s),
		TEST("M-45", how_long_it_waits_is_what_is_configured),
		TEST("M-45 M-53", a_home_agent_that_answered_is_not_silent),
		TEST("M-45", the_next_home_agent_waits_1500_ms_after_the_last_question),
		TEST("M-45 M-41", one_that_had_its_time_is_left_at_once),
		TEST("M-47 N-27 M-42", what_the_former_one_still_answers_is_not_believed),
		TEST("N-28", it_does_not_leave_before_it_has_deregistered),
		TEST("X-03 N-32", suspended_it_changes_home_agents_without_a_word),
		TEST("M-46", without_a_home_agent_it_waits_for_one),
		TEST("M-55 M-54", a_nudge_sends_one_and_not_another_while_that_is_open),
		TEST("M-56", a_pause_makes_it_wait_32_s),
		TEST("X-03", suspended_sends_nothing_whatever_happens),
		TEST("X-03 M-47", an_answer_that_comes_while_suspended_still_counts),
		TEST("X-03 M-42", resumed_on_the_source_it_registers_again_with_a_newer_number),
		TEST("M-59 M-41", resumed_after_its_lifetime_it_counts_as_new),
		TEST("X-03", gone_sends_nothing),
		TEST("N-21", a_deregistration_is_sent_three_times_at_most),
		TEST("N-21 X-02", a_deregistration_ends_with_any_answer),
		TEST("M-38", a_deregistration_without_an_address_ends_at_once),
		TEST("N-43 M-61 M-41",
		    at_home_it_deregisters_from_its_home_address_until_it_is_answered),
		TEST("M-61 M-47", what_was_sent_abroad_is_not_answered_at_home),
		TEST("N-43 M-26", a_refused_return_is_a_return_unless_it_may_pass),
		TEST("N-43 M-61", a_guest_that_starts_at_home_deregisters_whoever_had_it),
		TEST("M-59 M-41", abroad_again_it_registers_as_new),
		TEST("X-03", suspended_at_home_it_says_nothing),
		TEST("N-35 M-59", every_word_in_every_state_leads_where_the_table_says),
		TEST("X-03", a_random_life_never_spins_nor_sends_while_held),
	};

	return cmocka_run_group_tests_name("mr_reg", tests, NULL, NULL);
}
