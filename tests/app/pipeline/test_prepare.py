"""Preparing assets."""

import threading

import pytest

from app.pipeline.prepare import InlinePreparer, Job, WorkerPreparer


def refuse(_cancel: threading.Event) -> None:
    raise ValueError("no")


@pytest.mark.parametrize("make", [InlinePreparer, WorkerPreparer])
def test_results_and_errors_arrive(make: type[InlinePreparer] | type[WorkerPreparer]) -> None:
    preparer = make()
    good, bad = preparer.submit(lambda _cancel: 7), preparer.submit(refuse)
    assert good.wait(5.0)
    assert bad.wait(5.0)
    assert (good.result, good.error) == (7, None)
    assert isinstance(bad.error, ValueError)
    preparer.close()


def test_inline_is_done_at_once() -> None:
    assert InlinePreparer().submit(lambda _cancel: 1).done


def test_the_worker_keeps_the_order_and_the_callers_time() -> None:
    preparer = WorkerPreparer()
    gate, order = threading.Event(), []
    first = preparer.submit(lambda _cancel: (gate.wait(5.0), order.append(1)))
    second = preparer.submit(lambda _cancel: order.append(2))
    assert not first.done
    gate.set()
    assert second.wait(5.0)
    assert order == [1, 2]
    preparer.close()


def test_close_cancels_what_runs_and_what_waits() -> None:
    preparer = WorkerPreparer("facet-test")
    running = preparer.submit(lambda cancel: cancel.wait(30.0))
    done: list[int] = []
    waiting = preparer.submit(lambda _cancel: done.append(1))
    preparer.close(5.0)
    assert running.wait(5.0)
    assert waiting.cancel.is_set()
    assert not any(thread.name == "facet-test" for thread in threading.enumerate())
    late = preparer.submit(lambda _cancel: done.append(2))
    assert late.done
    assert done == []


def test_a_cancelled_job_does_not_run() -> None:
    job = Job(lambda _cancel: 1)
    job.cancel.set()
    job.run()
    assert job.done
    assert job.result is None


def test_waiting_has_an_end() -> None:
    assert not Job(lambda _cancel: 1).wait(0.0)
