/* model_schedule.c - see model.h: schedules by chance, and as text. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base.h"
#include "model/model.h"

/* splitmix64 */
uint64_t
model_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* ---- by chance ---- */

struct maker {
	struct model_schedule *s;
	uint64_t random;
	unsigned sloppy; /* how the words are said: 0 as they should, 2 anyhow */
	unsigned is_on[MODEL_GUESTS];
	int64_t ms;
};

static unsigned
below(struct maker *k, unsigned n)
{
	return (unsigned)(model_random(&k->random) % n);
}

static bool
chance(struct maker *k, unsigned of_a_hundred)
{
	return below(k, 100) < of_a_hundred;
}

/* Milliseconds: mostly few, at times many. */
static int64_t
some_ms(struct maker *k)
{
	static const unsigned most[] = { 5, 5, 50, 50, 400, 3000, 10000 };

	return below(k, most[below(k, countof(most))]);
}

static void
step(struct maker *k, int64_t ms, enum model_kind kind, unsigned host, unsigned guest, unsigned n)
{
	struct model_schedule *s = k->s;
	size_t i = s->n;

	if (s->n == MODEL_STEPS)
		return;
	for (; i > 0 && s->step[i - 1].ms > ms; i--)
		s->step[i] = s->step[i - 1];
	s->step[i] = (struct model_step){ ms, kind, host, guest, n };
	s->n++;
}

/* A hook that says it: late, twice, or not at all. */
static void
word(struct maker *k, int64_t ms, enum model_kind kind, unsigned host, unsigned guest)
{
	ms += below(k, 3);
	if (k->sloppy > 0 && chance(k, k->sloppy * 4))
		return;
	if (k->sloppy > 0 && chance(k, k->sloppy * 15))
		ms += some_ms(k);
	step(k, ms, kind, host, guest, 0);
	if (k->sloppy > 0 && chance(k, k->sloppy * 5))
		step(k, ms + some_ms(k), kind, host, guest, 0);
}

static void
is_on(struct maker *k, int64_t ms, unsigned guest, unsigned host)
{
	step(k, ms, MODEL_IS_ON, host, guest, 0);
	k->is_on[guest] = host;
}

static void
boot(struct maker *k, unsigned guest)
{
	unsigned host = below(k, MODEL_HOSTS);

	is_on(k, k->ms, guest, host);
	word(k, k->ms, MODEL_RUNNING, host, guest);
}

static void
migrate(struct maker *k, unsigned guest)
{
	unsigned from = k->is_on[guest], to = (from + 1 + below(k, MODEL_HOSTS - 1)) % MODEL_HOSTS;
	int64_t stopped = k->ms + 20 + some_ms(k);
	int64_t over = stopped + 1 + some_ms(k) / 2;

	word(k, k->ms, MODEL_INCOMING, to, guest);
	is_on(k, stopped, guest, MODEL_NOWHERE);
	word(k, stopped, MODEL_SUSPENDED, from, guest);
	if (chance(k, 15)) { /* it fails */
		is_on(k, over, guest, from);
		word(k, over, MODEL_RUNNING, from, guest);
		word(k, over, chance(k, 50) ? MODEL_CANCEL : MODEL_GONE, to, guest);
	} else {
		is_on(k, over, guest, to);
		word(k, over, MODEL_RUNNING, to, guest);
		word(k, over + some_ms(k) / 4, MODEL_GONE, from, guest);
	}
	k->ms = over;
}

/* It is to arrive, and the move is broken off before anything else. */
static void
await_in_vain(struct maker *k, unsigned guest)
{
	unsigned to = (k->is_on[guest] + 1 + below(k, MODEL_HOSTS - 1)) % MODEL_HOSTS;

	word(k, k->ms, MODEL_INCOMING, to, guest);
	k->ms += some_ms(k);
	word(k, k->ms, chance(k, 50) ? MODEL_CANCEL : MODEL_GONE, to, guest);
}

static void
pause_it(struct maker *k, unsigned guest)
{
	word(k, k->ms, MODEL_SUSPENDED, k->is_on[guest], guest);
	k->ms += some_ms(k);
	word(k, k->ms, MODEL_RUNNING, k->is_on[guest], guest);
}

static void
shut_down(struct maker *k, unsigned guest)
{
	unsigned host = k->is_on[guest];

	is_on(k, k->ms, guest, MODEL_NOWHERE);
	word(k, k->ms, MODEL_ENDED, host, guest);
}

static void
crash_host(struct maker *k, unsigned host)
{
	for (unsigned g = 0; g < MODEL_GUESTS; g++) {
		if (k->is_on[g] == host)
			is_on(k, k->ms, g, MODEL_NOWHERE);
	}
	step(k, k->ms, MODEL_HOST_BOOTS, host, 0, 0);
}

static void
restart(struct maker *k, bool had)
{
	unsigned host = below(k, MODEL_HOSTS), n = chance(k, 50) ? 0 : below(k, 40);

	step(k, k->ms, had ? MODEL_HAD_DIES : MODEL_MRD_DIES, host, 0, n);
	step(k, k->ms + some_ms(k), had ? MODEL_HAD_STARTS : MODEL_MRD_STARTS, host, 0, 0);
}

static void
cut(struct maker *k)
{
	unsigned host = below(k, MODEL_HOSTS);

	step(k, k->ms, MODEL_CUT, host, 0, 0);
	step(k, k->ms + some_ms(k), MODEL_JOIN, host, 0, 0);
}

static void
happen(struct maker *k, unsigned guest)
{
	unsigned what = below(k, 100);
	int64_t begun = k->ms;

	if (what < 14)
		restart(k, what < 5);
	else if (what < 18)
		crash_host(k, below(k, MODEL_HOSTS));
	else if (what < 22)
		cut(k);
	else if (k->is_on[guest] == MODEL_NOWHERE)
		boot(k, guest);
	else if (what < 80)
		migrate(k, guest);
	else if (what < 87)
		await_in_vain(k, guest);
	else if (what < 94)
		pause_it(k, guest);
	else
		shut_down(k, guest);
	if (chance(k, 30)) /* while the next thing happens */
		k->ms = begun + (k->ms - begun) / 2;
}

void
model_schedule_make(struct model_schedule *s, uint64_t seed)
{
	static const unsigned losses[] = { 0, 0, 3, 20, 50 };
	static const unsigned delays[] = { 1, 5, 30, 100 };
	static const unsigned jitters[] = { 1, 5, 50, 500 };
	struct maker k = { .s = s, .random = seed };
	unsigned guests, events;

	memset(s, 0, sizeof(*s));
	s->fates = model_random(&k.random);
	k.sloppy = below(&k, 3);
	s->lost = losses[below(&k, countof(losses))];
	s->twice = chance(&k, 50) ? 0 : below(&k, 20);
	s->delay_ms = delays[below(&k, countof(delays))];
	s->jitter_ms = jitters[below(&k, countof(jitters))];
	for (unsigned h = 0; h < MODEL_HOSTS; h++) {
		if (chance(&k, 60))
			s->clock_ms[h] = (int64_t)below(&k, 2000) - 1000;
		else
			s->clock_ms[h] = ((int64_t)below(&k, 2000) - 1000) * 1000;
	}
	guests = 1 + chance(&k, 20);
	events = 1 + below(&k, 5);
	for (unsigned g = 0; g < MODEL_GUESTS; g++)
		k.is_on[g] = MODEL_NOWHERE;
	for (unsigned g = 0; g < guests; g++)
		boot(&k, g);
	for (unsigned i = 0; i < events; i++) {
		k.ms += chance(&k, 10) ? below(&k, 200000) : some_ms(&k);
		happen(&k, below(&k, guests));
	}
}

/* ---- as text ---- */

static const char *const kinds[MODEL_KINDS] = {
	[MODEL_INCOMING] = "incoming",
	[MODEL_RUNNING] = "running",
	[MODEL_SUSPENDED] = "suspended",
	[MODEL_GONE] = "gone",
	[MODEL_ENDED] = "ended",
	[MODEL_CANCEL] = "cancel",
	[MODEL_IS_ON] = "is-on",
	[MODEL_MRD_DIES] = "mrd-dies",
	[MODEL_MRD_STARTS] = "mrd-starts",
	[MODEL_HAD_DIES] = "had-dies",
	[MODEL_HAD_STARTS] = "had-starts",
	[MODEL_HOST_BOOTS] = "host-boots",
	[MODEL_CUT] = "cut",
	[MODEL_JOIN] = "join",
};

void
model_schedule_put(FILE *out, const struct model_schedule *s)
{
	fprintf(out, "fates %llu\n", (unsigned long long)s->fates);
	fprintf(out, "network lost %u twice %u delay %u jitter %u\n", s->lost, s->twice,
	    s->delay_ms, s->jitter_ms);
	for (unsigned h = 0; h < MODEL_HOSTS; h++) {
		if (s->clock_ms[h])
			fprintf(out, "clock %u %lld\n", h, (long long)s->clock_ms[h]);
	}
	for (size_t i = 0; i < s->n; i++) {
		const struct model_step *t = &s->step[i];

		fprintf(out, "at %lld %s host %u guest %u n %u\n", (long long)t->ms, kinds[t->kind],
		    t->host, t->guest, t->n);
	}
}

static int
get_step(const char *line, struct model_schedule *s)
{
	struct model_step *t = &s->step[s->n];
	char kind[16];
	long long ms;

	if (s->n == MODEL_STEPS || sscanf(line, "at %lld %15s host %u guest %u n %u", &ms, kind,
				       &t->host, &t->guest, &t->n) != 5)
		return -EBADMSG;
	t->ms = ms;
	for (unsigned i = 0; i < MODEL_KINDS; i++) {
		if (strcmp(kinds[i], kind) == 0) {
			t->kind = (enum model_kind)i;
			s->n++;
			return t->host <= MODEL_HOSTS && t->guest < MODEL_GUESTS ? 0 : -EBADMSG;
		}
	}
	return -EBADMSG;
}

int
model_schedule_get(FILE *in, struct model_schedule *ret_schedule)
{
	struct model_schedule *s = ret_schedule;
	char line[160];
	unsigned h;

	memset(s, 0, sizeof(*s));
	while (fgets(line, sizeof(line), in)) {
		unsigned long long fates;
		long long ms;

		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (sscanf(line, "fates %llu", &fates) == 1)
			s->fates = fates;
		else if (sscanf(line, "network lost %u twice %u delay %u jitter %u", &s->lost,
			     &s->twice, &s->delay_ms, &s->jitter_ms) == 4)
			continue;
		else if (sscanf(line, "clock %u %lld", &h, &ms) == 2 && h < MODEL_HOSTS)
			s->clock_ms[h] = ms;
		else if (get_step(line, s) < 0)
			return -EBADMSG;
	}
	return 0;
}
