; Inno Setup: an installer of the bundle for Windows, for this user, without administrator rights.
; Never run: see docs/installing.md. Call: iscc /DVersion=0.2.0 .ci\bundle\unisono.iss
#ifndef Version
  #error Give the version: /DVersion=...
#endif

[Setup]
AppId=Unisono
AppName=Unisono
AppVersion={#Version}
AppPublisher=The Unisono developers
DefaultDirName={autopf}\Unisono
DefaultGroupName=Unisono
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
ChangesAssociations=yes
ChangesEnvironment=yes
Compression=lzma2
SolidCompression=yes
SourceDir=..\..
OutputDir=dist
OutputBaseFilename=unisono-{#Version}-windows-setup
LicenseFile=LICENSE
UninstallDisplayIcon={app}\unisonow.exe

[Files]
Source: "dist\unisono\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Icons]
Name: "{group}\Unisono"; Filename: "{app}\unisonow.exe"; Parameters: "gui"

[Registry]
Root: HKA; Subkey: "Software\Classes\.xdf\OpenWithProgids"; ValueType: string; ValueName: "Unisono.xdf"; ValueData: ""; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\Unisono.xdf"; ValueType: string; ValueData: "XDF recording"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Unisono.xdf\shell\open\command"; ValueType: string; ValueData: """{app}\unisonow.exe"" review ""%1"""
