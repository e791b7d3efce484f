@echo off
rem Installs or upgrades the platform as a Windows service. Run as administrator:
rem   set FACTORY_DATABASE_URL=postgresql://postgres:...@127.0.0.1:5432/factory
rem   set FACTORY_DATABASE__WRITER_PASSWORD=...      (the first time: the passwords that factory.env will use)
rem   set FACTORY_DATABASE__READER_PASSWORD=...
rem   set FACTORY_DATABASE__DAGSTER_PASSWORD=...
rem   deploy\windows\install.bat
rem The administrator's address is used to migrate and is not kept. Needs Python 3.11 to 3.13 installed for all users.
setlocal
cd /d "%~dp0..\.." || exit /b 1
set "DATA=%ProgramData%\FactoryPipelines"
set "SERVICE=FactoryPipelines"
set "UV_PYTHON_PREFERENCE=only-system"

net session >nul 2>&1 || (echo Run this as administrator. & exit /b 1)
for %%d in (logs storage home) do if not exist "%DATA%\%%d" mkdir "%DATA%\%%d"
if not exist "%DATA%\factory.env" (
    copy deploy\windows\factory.env.example "%DATA%\factory.env" >nul || exit /b 1
    icacls "%DATA%\factory.env" /inheritance:r /grant:r *S-1-5-18:R *S-1-5-32-544:F >nul || exit /b 1
    echo Fill in "%DATA%\factory.env", then run this again.
    exit /b 2
)
if not defined FACTORY_DATABASE_URL (echo Set FACTORY_DATABASE_URL to the administrator's address first. & exit /b 1)

sc query %SERVICE% >nul 2>&1 && net stop %SERVICE% >nul 2>&1

echo == environment
py -3 -m pip install --quiet uv || exit /b 1
py -3 -m uv sync --frozen --no-dev || exit /b 1
py -3 -m uv pip install --quiet --python .venv\Scripts\python.exe pywin32==311 || exit /b 1

echo == database
.venv\Scripts\factory.exe migrate || exit /b 1

echo == service
.venv\Scripts\python.exe deploy\windows\factory_service.py --startup delayed install || exit /b 1
rem An account of its own, which can read the program and write its data, and nothing else.
sc config %SERVICE% obj= "NT SERVICE\%SERVICE%" >nul || exit /b 1
icacls "%CD%" /grant "NT SERVICE\%SERVICE%:(OI)(CI)RX" >nul || exit /b 1
icacls "%DATA%" /grant "NT SERVICE\%SERVICE%:(OI)(CI)M" >nul || exit /b 1
icacls "%DATA%\factory.env" /grant "NT SERVICE\%SERVICE%:R" >nul || exit /b 1
rem Should the supervisor itself fail: again after 5 s, 30 s, then every 5 minutes; forgotten after a day.
sc failure %SERVICE% reset= 86400 actions= restart/5000/restart/30000/restart/300000 >nul || exit /b 1
net start %SERVICE% || exit /b 1
echo Dagster UI http://127.0.0.1:3000   API http://127.0.0.1:8010   logs %DATA%\logs
