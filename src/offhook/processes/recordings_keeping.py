"""What is done with recordings besides making them: those that were cut off are repaired, others put into words."""

import asyncio
from collections.abc import Callable

import structlog

from offhook.bootstrap import open_speech
from offhook.config import Settings
from offhook.processes.absence import Absence
from offhook.processes.languages import transcription_request
from offhook.processes.transcriber import Transcriber
from offhook.records.database import Database, DatabaseFault
from offhook.records.recordings_repair import RecordingsRepair
from offhook.records.transcriptions import TranscriptionQueue
from offhook.surroundings import Surroundings

REPAIR_EVERY_S = 2.0
AT_ONCE = 2
"""Recordings that are put into words at the same time."""

log = structlog.get_logger()


async def keep_recordings(
    settings: Settings, surroundings: Surroundings, database: Database, *, poke: Callable[[], None]
) -> None:
    """Do both until cancelled; `poke` is called when callbacks wait to be sent."""
    speech, folder = open_speech(settings, surroundings), settings.recordings_folder
    queue = TranscriptionQueue(
        database, lambda task, row: transcription_request(task, row, settings.resolved_public_url, settings)
    )
    transcriber = Transcriber(queue, speech.recognisers, folder, order=settings.asr_order, poke=poke)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_repair(RecordingsRepair(database, folder)))
            for _ in range(AT_ONCE):
                tasks.create_task(transcriber.run())
    finally:
        await speech.close()


async def _repair(recordings: RecordingsRepair) -> None:
    absence = Absence(log, "recordings.repair_put_off")
    while True:
        try:
            await asyncio.to_thread(recordings.repair)
            absence.over()
        except (*DatabaseFault, OSError) as error:
            absence.noticed(error)
        await asyncio.sleep(REPAIR_EVERY_S)
