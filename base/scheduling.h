// What a thread asks of the system's scheduler.
#pragma once

namespace medarc {

// The calling thread is to run soon after it wakes, for shorter turns: for threads that answer
// people while others of the process do heavy work. Its share of the processor stays the same, and
// no right is needed. Linux 6.12 and later (EEVDF's request size, sched_setattr(2)); elsewhere, and
// for a thread that the operator gave another policy (batch, idle), nothing happens.
void ask_for_short_turns();

}  // namespace medarc
