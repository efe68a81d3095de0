/*
 * hv_mrd.h - one question to mrd on its control socket (doc/control.md), with a deadline.
 *
 * Layer: sys.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HV_LINE_MAX 4096 /* octets of a request with its newline; of an answer's line */

struct hv_answer {
	bool ok;
	char code[40]; /* of a refusal */
	char text[400];
};

int64_t hv_now_ms(void); /* CLOCK_MONOTONIC */

/*
 * Say the words of a line and hear the end of the answer, by until_ms. 0; -ETIMEDOUT; another
 * -errno if nobody listens there, -EPROTO if what answers is not mrd. Then *ret_answer is as it
 * was.
 */
int hv_mrd_ask(
    const char *socket_path, const char *words, int64_t until_ms, struct hv_answer *ret_answer);
