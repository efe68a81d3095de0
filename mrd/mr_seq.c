/* mr_seq.c - see mr_seq.h. */
#include "mrd/mr_seq.h"

#include "common/wire/mh.h"

uint16_t
mr_seq_of_time(int64_t unix_ms)
{
	return (uint16_t)(uint64_t)(unix_ms * MR_SEQ_PER_S / 1000);
}

uint16_t
mr_seq_next(struct mr_seq *s, int64_t unix_ms)
{
	uint16_t next = mr_seq_of_time(unix_ms);
	bool fresh = s->any && unix_ms - s->at_ms < MR_SEQ_FORGET_MS;

	if (fresh && (s->learnt || !mh_seq_newer(next, s->last)))
		next = (uint16_t)(s->last + 1);
	*s = (struct mr_seq){ .any = true, .last = next, .at_ms = unix_ms };
	return next;
}

void
mr_seq_heard(struct mr_seq *s, uint16_t seq, int64_t unix_ms)
{
	bool fresh = s->any && unix_ms - s->at_ms < MR_SEQ_FORGET_MS;

	if (!fresh || mh_seq_newer(seq, s->last))
		*s = (struct mr_seq){ .any = true, .last = seq, .at_ms = unix_ms };
}

void
mr_seq_learn(struct mr_seq *s, uint16_t last, int64_t unix_ms)
{
	*s = (struct mr_seq){ .any = true, .learnt = true, .last = last, .at_ms = unix_ms };
}
